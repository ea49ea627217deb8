// The shipped templates as the JavaScript they compile to, so that no compiler is loaded at run time.
import { readdirSync, readFileSync } from 'node:fs';
import { SourceFile } from '../../src/diagnostics/source-file.ts';
import { compileTemplate } from '../../src/render/compile-template.ts';
import type { GeneratedFile } from './generated-file.ts';

/** `templates/job.yaml.hbs` → the program `job.yaml`. */
export async function generateTemplates(): Promise<GeneratedFile[]> {
  const names = readdirSync('templates')
    .filter((name) => name.endsWith('.hbs'))
    .sort();
  const programs = names.map((name) => {
    const path = `templates/${name}`;
    const compiled = compileTemplate(new SourceFile(path, readFileSync(path, 'utf8')));
    if (!compiled.ok)
      throw new Error(compiled.diagnostics.map((each) => `${path}: ${each.message}`).join('\n'));
    return `${JSON.stringify(name.replace(/\.hbs$/, ''))}: ${compiled.value}`;
  });
  const text = `export const templates = {\n${programs.join(',\n')}\n};\n`;
  return [{ path: 'src/generated/templates.js', text, committed: false }];
}

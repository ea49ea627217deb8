import { type Checked, type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { nearestName } from '../diagnostics/nearest-name.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';
import { compileTemplate } from './compile-template.ts';
import { TemplateEngine, type TemplateProgram } from './template-engine.ts';
import { readTrace } from './template-lines.ts';

export interface OwnTemplates {
  readonly programs: ReadonlyMap<string, TemplateProgram>;
  /** The place in a project's template that line `line` (from 1) of a rendered text comes from. */
  trace(name: string, view: unknown, line: number): TemplatePlace | undefined;
}

export interface TemplatePlace {
  readonly file: SourceFile;
  readonly line: number;
}

/** Compiles the project's templates. This module holds the compiler: it is imported only where there are some. */
export function compileOwnTemplates(
  files: readonly SourceFile[],
  shipped: ReadonlyMap<string, TemplateProgram>,
): Checked<OwnTemplates> {
  const names = [...shipped.keys()];
  const programs = new Map<string, TemplateProgram>();
  const known: SourceFile[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    const name = templateName(file);
    if (!shipped.has(name)) {
      const near = nearestName(name, names);
      const hint =
        near === undefined
          ? `the templates are ${names.map((each) => `${each}.hbs`).join(', ')}`
          : `did you mean "${near}.hbs"?`;
      const location = { file, offset: 0, length: 0 };
      diagnostics.push(
        errorDiagnostic('RENDER_TEMPLATE_UNKNOWN', `there is no template ${name}.hbs to replace`, {
          location,
          hint,
        }),
      );
      continue;
    }
    if (file.text.trim() === '') {
      const location = { file, offset: 0, length: 0 };
      diagnostics.push(
        errorDiagnostic('RENDER_TEMPLATE_SYNTAX', 'the template is empty', {
          location,
          hint: 'delete the file for the shipped template',
        }),
      );
      continue;
    }
    const compiled = compileTemplate(file);
    if (compiled.ok) {
      programs.set(name, evaluate(compiled.value));
      known.push(file);
    } else diagnostics.push(...compiled.diagnostics);
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  let traced: TemplateEngine | undefined;
  const trace = (name: string, view: unknown, line: number): TemplatePlace | undefined => {
    traced ??= tracingEngine(known, shipped);
    const place = readTrace(traced.render(name, view).text, line);
    const file = place && known[place.id];
    return file && { file, line: place.line };
  };
  return { ok: true, value: { programs, trace }, diagnostics };
}

function tracingEngine(
  files: readonly SourceFile[],
  shipped: ReadonlyMap<string, TemplateProgram>,
): TemplateEngine {
  const programs = new Map(shipped);
  for (const [id, file] of files.entries()) {
    const compiled = compileTemplate(file, id);
    if (compiled.ok) programs.set(templateName(file), evaluate(compiled.value));
  }
  return new TemplateEngine(programs);
}

/** `templates/job.yaml.hbs` → `job.yaml` */
export function templateName(file: SourceFile): string {
  return file.path.replace(/^.*\//, '').replace(/\.hbs$/, '');
}

/** What the compiler made is code; the author of the template is who runs the tool. */
function evaluate(code: string): TemplateProgram {
  return new Function(`return ${code}`)() as TemplateProgram;
}

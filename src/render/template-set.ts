import type { Checked } from '../diagnostics/diagnostic.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';
import { templates as shipped } from '../generated/templates.js';
import type { OwnTemplates } from './own-templates.ts';
import { TemplateEngine } from './template-engine.ts';

/** The templates a renderer works with: the shipped ones, and the project's in place of some of them. */
export interface TemplateSet {
  readonly engine: TemplateEngine;
  /** `undefined` where the project has none. */
  readonly own: OwnTemplates | undefined;
  /** Files of the project's templates, by name without `.hbs`. */
  readonly files: ReadonlyMap<string, SourceFile>;
}

/** @param files the project's `templates/*.hbs`; the compiler is loaded only where there are some */
export async function createTemplateSet(files: readonly SourceFile[]): Promise<Checked<TemplateSet>> {
  const programs = new Map(Object.entries(shipped));
  if (files.length === 0)
    return {
      ok: true,
      value: { engine: new TemplateEngine(programs), own: undefined, files: new Map() },
      diagnostics: [],
    };
  const { compileOwnTemplates, templateName } = await import('./own-templates.ts');
  const own = compileOwnTemplates(files, programs);
  if (!own.ok) return own;
  for (const [name, program] of own.value.programs) programs.set(name, program);
  return {
    ok: true,
    value: {
      engine: new TemplateEngine(programs),
      own: own.value,
      files: new Map(files.map((file) => [templateName(file), file])),
    },
    diagnostics: own.diagnostics,
  };
}

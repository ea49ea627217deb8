import Handlebars from 'handlebars';
import { type Checked, errorDiagnostic, type Location } from '../diagnostics/diagnostic.ts';
import { nearestName } from '../diagnostics/nearest-name.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';
import { findTagMistake } from './find-tag-mistake.ts';
import { addTrace } from './template-lines.ts';

/** Helpers that templates may call; see `template-engine.ts`. Handlebars' own `log` would print among what a command prints. */
const knownHelpers = { block: true, concat: true, key: true, log: false };
const blockHelpers = ['if', 'unless', 'each', 'with'];
const helpers = ['block', 'concat', 'key', ...blockHelpers];

/** The options shipped and project templates are compiled with alike. */
const options = {
  strict: true,
  knownHelpers,
  knownHelpersOnly: true,
  explicitPartialContext: true,
} as const;

/**
 * A template's source → the JavaScript of its precompiled form. `{{{raw}}}` is refused, because every value
 * is written as JSON and so can neither break nor extend the manifest. `{{block value}}` is told the
 * column it stands in, which is how far its lines are indented.
 *
 * @param traceId makes a program whose output tells where each line comes from, see `template-lines.ts`
 */
export function compileTemplate(file: SourceFile, traceId?: number): Checked<string> {
  const fail = (line: number, column: number, message: string, hint: string): Checked<string> =>
    refuse(message, hint, at(file, line, column));
  let ast: hbs.AST.Program;
  try {
    ast = Handlebars.parse(file.text);
  } catch (error) {
    const mistake = findTagMistake(file.text, (name) => blockHelpers.includes(name));
    if (mistake !== undefined) {
      const { message, hint, offset, length } = mistake;
      return refuse(message, hint, { file, offset, length });
    }
    const text = error instanceof Error ? error.message : String(error);
    const [line = 1, column = 0] = (/line (\d+)/i.exec(text) ?? / - (\d+):(\d+)$/.exec(text) ?? [])
      .slice(1)
      .map(Number);
    const opened = /^(\S+) doesn't match /.exec(text)?.[1];
    if (opened !== undefined) return unknownHelper(file, opened, line, column);
    const what = /^Expecting[\s\S]*got '(.*)'$/m.exec(text)?.[1];
    return fail(
      line,
      column + 1,
      what === undefined
        ? (text.split(' - ')[0] ?? text)
        : `the template cannot be read near this line (found ${what})`,
      'see docs/templates.md for what a template may contain',
    );
  }
  const raw = new RawFinder(file.path.replace(/^.*\//, '').replace(/\..*$/, ''));
  raw.accept(ast);
  if (raw.found !== undefined) {
    const { line, column } = raw.found.loc.start;
    return fail(
      line,
      column + 1,
      `{{{${(raw.found.path as { original?: unknown }).original}}}} would be written as it is`,
      'write it with two braces: every value is written as JSON, quotes included',
    );
  }
  if (raw.partial !== undefined) {
    const { line, column } = raw.partial.loc.start;
    return fail(line, column + 1, 'the template includes itself', 'remove this line');
  }
  if (traceId !== undefined) addTrace(ast, traceId);
  try {
    return { ok: true, value: String(Handlebars.precompile(ast, options)), diagnostics: [] };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const [line, column] = (/(\d+):(\d+)$/.exec(text) ?? []).slice(1).map(Number);
    const helper = /unknown helper (\S+)/.exec(text)?.[1];
    if (helper !== undefined) return unknownHelper(file, helper, line ?? 1, column ?? 0);
    return fail(
      line ?? 1,
      (column ?? 0) + 1,
      text.replace(/ - \d+:\d+$/, ''),
      'see docs/templates.md for what a template may contain',
    );
  }
}

/** @param column from 0, of its tag */
function unknownHelper(file: SourceFile, name: string, line: number, column: number): Checked<string> {
  const { offset } = at(file, line, column + 1);
  const near = nearestName(name, helpers);
  const rest = `the helpers are ${helpers.join(', ')}`;
  return refuse(
    `there is no helper "${name}"`,
    near === undefined ? rest : `did you mean "${near}"? ${rest}`,
    { file, offset: Math.max(offset, file.text.indexOf(name, offset)), length: name.length },
  );
}

function refuse(message: string, hint: string, location: Location): Checked<string> {
  return { ok: false, diagnostics: [errorDiagnostic('RENDER_TEMPLATE_SYNTAX', message, { location, hint })] };
}

/** Finds `{{{raw}}}` and tells every `{{block …}}` its column. */
class RawFinder extends Handlebars.Visitor {
  found: hbs.AST.MustacheStatement | undefined;
  /** Where the template includes itself, and so would never end. */
  partial: hbs.AST.PartialStatement | undefined;
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    if ((partial.name as { original?: unknown }).original === this.#name) this.partial ??= partial;
    super.PartialStatement(partial);
  }

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    const { column } = mustache.loc.start;
    if (!mustache.escaped) this.found ??= mustache;
    if ((mustache.path as { original?: unknown }).original === 'block' && mustache.params.length === 1)
      mustache.params.push({
        type: 'NumberLiteral',
        value: column,
        original: column,
        loc: mustache.loc,
      } as hbs.AST.NumberLiteral);
    super.MustacheStatement(mustache);
  }
}

function at(file: SourceFile, line: number, column: number) {
  const lines = file.text.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const offset = start + column - 1;
  return { file, offset, length: Math.max(1, (lines[line - 1] ?? '').length - column + 1) };
}

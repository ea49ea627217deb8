import Handlebars from 'handlebars';

const open = '\u0001';
const close = '\u0002';
const mark = new RegExp(`${open}(\\d+):(\\d+)${close}`, 'g');

/**
 * Writes the number of each of a template's lines where that line begins, so that a line of what it makes can be
 * traced back. Only for finding the place of an error: no manifest is made of it.
 */
export function addTrace(ast: hbs.AST.Program, id: number): void {
  new LineTracer(id).accept(ast);
}

/** Line of the rendered text (from 1) → the template's id and line. */
export function readTrace(
  traced: string,
  line: number,
): { readonly id: number; readonly line: number } | undefined {
  const lines = traced.split('\n');
  // A value of several lines has its mark where it begins.
  for (let index = Math.min(line, lines.length) - 1; index >= 0; index--) {
    const text = lines[index] ?? '';
    // What a block leaves out may leave marks before the one of the line itself.
    const leading = new RegExp(`^ *(?:${open}[\\d:]+${close})+`).exec(text)?.[0];
    const marks = [...(index === line - 1 && leading ? leading : text).matchAll(mark)];
    const found = index === line - 1 && !leading ? marks[0] : marks.at(-1);
    if (found?.[1] !== undefined) return { id: Number(found[1]), line: Number(found[2]) };
  }
  return undefined;
}

class LineTracer extends Handlebars.Visitor {
  readonly #id: number;

  constructor(id: number) {
    super();
    this.#id = id;
  }

  override ContentStatement(content: hbs.AST.ContentStatement): void {
    const original = String((content as { original?: unknown }).original ?? content.value);
    // White space around a tag that stands alone was taken off: count from where the rest begins.
    const cut = Math.max(0, original.indexOf(content.value));
    let line = content.loc.start.line + newlines(original.slice(0, cut));
    const marked = content.value.split('\n').map((text, index) => {
      if (index > 0) line += 1;
      return text === '' && index > 0 ? text : `${open}${this.#id}:${line}${close}${text}`;
    });
    content.value = marked.join('\n');
  }
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}

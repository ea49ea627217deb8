import escapeRegExp from 'lodash/escapeRegExp.js';

/** One fenced block of a Markdown file. */
export interface Block {
  /** `bash`, `text`, `yaml`, … */
  readonly language: string;
  /** What follows the language on the fence, such as `fails`. */
  readonly mark: string;
  readonly text: string;
  /** Line of the fence, from 1. */
  readonly line: number;
  /** Nearest heading above, without its marks. */
  readonly heading: string;
}

/** The fenced blocks of a Markdown file, in order. */
export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { language: string; mark: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(\w*) ?(.*)$/.exec(line);
    if (open === undefined) {
      if (fence !== null) {
        open = { language: fence[1] ?? '', mark: fence[2] ?? '', line: index + 1, lines: [] };
      } else if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '');
    } else if (fence !== null) {
      const { lines, ...rest } = open;
      blocks.push({ ...rest, heading, text: `${lines.join('\n')}\n` });
      open = undefined;
    } else open.lines.push(line);
  }
  return blocks;
}

/**
 * What of `expected` is not in `actual`: its lines in order, other lines in between allowed, white space squeezed,
 * `…` standing for anything within a line, a line of `…` for any lines. `undefined` where all is there.
 */
export function firstMissingLine(expected: string, actual: string): string | undefined {
  const squeeze = (line: string) => line.replaceAll(/\s+/g, ' ').trim();
  const lines = actual.split(/[\r\n]+/).map(squeeze);
  let from = 0;
  for (const line of expected.split('\n').map(squeeze)) {
    if (line === '' || line === '…') continue;
    const pattern = new RegExp(`^${line.split('…').map(escapeRegExp).join('.*')}$`);
    const found = lines.findIndex((each, index) => index >= from && pattern.test(each));
    if (found < 0) return line;
    from = found + 1;
  }
  return undefined;
}

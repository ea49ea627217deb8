/** What a terminal shows of a text, and how many columns each character of the text takes there. */
export interface DisplayText {
  readonly text: string;
  /** For each UTF-16 offset of the original, its end included, the column it is shown at, from 0. */
  readonly columns: readonly number[];
}

const tabStop = 4;

/** C0 and C1 controls, and the marks that reorder what follows: none may reach a terminal from a file. */
const unprintable =
  /^[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]$/;

const zeroWidth = /^(?:\p{Mark}|[\u200B-\u200D])$/u;

const emoji = /\p{Emoji_Presentation}|\p{Emoji}\uFE0F/u;

/** Blocks that terminals show in two columns (East Asian Width W and F). */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;

/** A line as it can be printed: tabs as blanks, control characters as `�`. */
export function displayText(line: string): DisplayText {
  const columns: number[] = [];
  let text = '';
  let column = 0;
  for (const { segment } of segments(line)) {
    const shown = segment === '\t' ? ' '.repeat(tabStop - (column % tabStop)) : printable(segment);
    for (let unit = 0; unit < segment.length; unit++) columns.push(column);
    column += segment === '\t' ? shown.length : widthOf(shown);
    text += shown;
  }
  columns.push(column);
  return { text, columns };
}

/** A text without control characters, for messages that quote what a file or a server said. */
export function printable(text: string): string {
  let shown = '';
  for (const character of text) shown += unprintable.test(character) && character !== '\n' ? '�' : character;
  return shown;
}

/** Plain ASCII, as nearly every line is, needs no segmenter. */
function segments(line: string): Iterable<{ readonly segment: string }> {
  if (/^[\t\x20-\x7E]*$/.test(line)) return Array.from(line, (segment) => ({ segment }));
  return new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(line);
}

function widthOf(grapheme: string): number {
  if (emoji.test(grapheme) || wide.test(grapheme)) return 2;
  const [first = ''] = grapheme;
  return zeroWidth.test(first) ? 0 : 1;
}

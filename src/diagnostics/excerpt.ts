import type { Location } from './diagnostic.ts';
import { displayText } from './display-text.ts';

/** Columns of the file that are shown; of longer lines, the part around the underlined one. */
const width = 100;
/** Lines of one place that are shown. */
const maxLines = 4;
/** Code units of a line that are looked at, however long it is. */
const maxUnits = 2_000;

const indent = '    ';

/**
 * The lines of a place, indented alike, each with what is meant underlined. Empty where there is nothing to
 * show: the file is secret, or the place has no length.
 */
export function formatExcerpt(location: Location, underline: (text: string) => string): string {
  const { file, offset, length } = location;
  if (file.secret || length <= 0 || offset >= file.text.length) return '';
  const start = file.position(offset);
  // A place that ends with a line break ends on the line before it.
  const written = file.text.slice(offset, offset + length).trimEnd();
  const end = file.position(offset + Math.max(written.length, 1) - 1);
  const numbers = Array.from({ length: end.line - start.line + 1 }, (_, index) => start.line + index);
  const shown = numbers.length <= maxLines ? numbers : numbers.slice(0, maxLines - 1);
  const lines = shown.map((number) => {
    const text = file.line(number);
    const from = number === start.line ? start.column - 1 : text.search(/\S|$/);
    const to = number === end.line ? end.column : text.trimEnd().length;
    return { text, from, to: Math.max(to, from + (number === start.line ? 1 : 0)) };
  });
  const margin = Math.min(
    ...lines.filter(({ text }) => /\S/.test(text)).map(({ text }) => text.search(/\S/)),
  );
  const parts = lines.map(({ text, from, to }) =>
    underlined(text, from, to, Number.isFinite(margin) ? margin : 0, underline),
  );
  if (shown.length < numbers.length) parts.push(`${indent}… ${numbers.length - shown.length} more lines\n`);
  return parts.join('');
}

function underlined(
  line: string,
  from: number,
  to: number,
  margin: number,
  underline: (text: string) => string,
): string {
  const cut = window(line, from, to, margin);
  const { text, columns } = displayText(cut.text);
  const at = columns[Math.min(Math.max(from - cut.start, 0), cut.text.length)] ?? 0;
  const until = columns[Math.min(Math.max(to - cut.start, 0), cut.text.length)] ?? at;
  const [before, after] = [cut.start > margin ? '…' : '', cut.end < line.length ? '…' : ''];
  const shown = `${indent}${before}${text}${after}`.trimEnd();
  const blanks = ' '.repeat(indent.length + before.length + at);
  if (until <= at && to <= from) return `${shown}\n`;
  return `${shown}\n${blanks}${underline('~'.repeat(Math.max(until - at, 1)))}\n`;
}

/** The part of a line that is shown: all of it, or what is around the underlined part. */
function window(line: string, from: number, to: number, margin: number) {
  const last = Math.min(line.length, margin + maxUnits);
  if (last === line.length && line.length - margin <= width)
    return { text: line.slice(margin), start: margin, end: line.length };
  const room = Math.max(width - (Math.min(to, from + width) - from), 0);
  let start = Math.max(margin, Math.min(from - Math.floor(room / 2), line.length - width));
  if (start - margin <= 10) start = margin;
  // Never in the middle of a surrogate pair.
  if (isLowSurrogate(line, start)) start -= 1;
  let end = Math.min(line.length, start + width);
  if (isLowSurrogate(line, end)) end += 1;
  return { text: line.slice(start, end), start, end };
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

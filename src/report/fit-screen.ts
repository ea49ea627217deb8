/** Characters of a terminal. */
export interface ScreenSize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * A table with what is said below it, for a screen that is drawn anew each time. Where that has too few rows, which
 * would leave the end of the table to be seen, what is said comes first, and what has no room is counted.
 */
export function fitScreen(
  table: readonly string[],
  below: readonly string[],
  { rows, columns }: ScreenSize,
): readonly string[] {
  // The cursor stands below the last line.
  const room = rows - 1;
  const heightOf = (line: string): number => Math.max(1, Math.ceil(widthOf(line) / columns));
  const all = [...table, ...below];
  if (all.reduce((height, line) => height + heightOf(line), 0) <= room) return all;
  const shown: string[] = [];
  const wanted = [...below, '', ...table];
  let left = room - 1;
  for (const line of wanted) {
    left -= heightOf(line);
    // Even the smallest screen has the counts.
    if (left < 0 && shown.length > 0) break;
    shown.push(line);
  }
  const hidden = wanted.slice(shown.length).filter((line) => line !== '').length;
  if (shown.at(-1) === '') shown.pop();
  return hidden === 0 ? shown : [...shown, `… ${hidden} more ${hidden === 1 ? 'line' : 'lines'}`];
}

/** Colours take no place. */
function widthOf(line: string): number {
  return line.replaceAll(/\x1b\[[\d;]*m/g, '').length;
}

import { paintState } from './paint-state.ts';

/**
 * Lays out a table, one string a line: columns as wide as their widest cell, the first row the heading.
 * Widths are counted before colours are added. `isState` finds the state a cell begins with, to be coloured.
 */
export function* layOut(
  rows: readonly (readonly string[])[],
  options: { readonly color: boolean; readonly isState: (cell: string) => string | undefined },
): Generator<string> {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  for (const [index, row] of rows.entries()) {
    const cells = row.map((cell, column) => {
      const text = column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0);
      const state = options.color && index > 0 && column > 0 ? options.isState(cell) : undefined;
      return state === undefined ? text : paintState(state, text);
    });
    yield cells.join('  ').trimEnd();
  }
}

import { formatDuration } from './format-duration.ts';
import { formatExit } from './format-exit.ts';
import type { EndedTrial, SweepTally } from './sweep-tally.ts';
import { layOut } from './table.ts';

/** Above this many trials the table has only those that did not succeed. */
const longestTable = 50;

/** The table at the end of a sweep: name, state, time, exit code, log; and a line of counts. */
export function formatEndTable(
  tally: SweepTally,
  options: { readonly color: boolean; readonly elapsed: number; readonly interrupted: boolean },
): string {
  const notSucceeded = tally.ended.filter(({ outcome }) => outcome.state !== 'succeeded');
  const shown = tally.ended.length > longestTable ? notSucceeded.slice(0, longestTable) : tally.ended;
  const rows = shown.toSorted((one, other) => one.position - other.position).map(cells);
  const table =
    rows.length === 0
      ? []
      : layOut([['NAME', 'STATE', 'TIME', 'EXIT', 'LOG'], ...rows], {
          color: options.color,
          isState: (cell) => (/^[a-z]+$/.test(cell) ? cell : undefined),
        });
  const hidden = notSucceeded.length - longestTable;
  const more =
    tally.ended.length > longestTable && hidden > 0
      ? `... and ${hidden} more that did not succeed: make status\n`
      : '';
  return `\n${[...table].map((line) => `${line}\n`).join('')}${more}${formatCounts(tally, options)}\n`;
}

function cells({ name, outcome, milliseconds, log }: EndedTrial): string[] {
  const note = outcome.reason === undefined ? '' : ` (${outcome.reason})`;
  return [name, outcome.state, formatDuration(milliseconds), formatExit(outcome), `${log}${note}`];
}

function formatCounts(
  tally: SweepTally,
  options: { readonly elapsed: number; readonly interrupted: boolean },
): string {
  const counts = new Map<string, number>();
  for (const { outcome } of tally.ended) counts.set(outcome.state, (counts.get(outcome.state) ?? 0) + 1);
  const parts = [...counts]
    .toSorted(([one], [other]) => Number(other === 'succeeded') - Number(one === 'succeeded'))
    .map(([state, count]) => `${count} ${state}`);
  if (tally.skipped > 0) parts.push(`${tally.skipped} skipped`);
  const left = tally.total - tally.ended.length;
  if (left > 0) parts.push(`${left} not started`);
  const trials = tally.total === 1 ? '1 trial' : `${tally.total} trials`;
  const end = options.interrupted ? 'interrupted after' : 'in';
  return `${trials} ${end} ${formatDuration(options.elapsed)}: ${parts.join(', ') || 'nothing to do'}`;
}

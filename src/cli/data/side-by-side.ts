import { count } from '../../report/transfer-progress.ts';
import { printable } from '../../stores/safe-key.ts';
import type { Comparison } from '../../stores/sync-plan.ts';

/** A key with what there is of it: on one side, or on both and how these compare. */
export interface Row {
  readonly key: string;
  readonly side: 'here' | 'there' | Comparison;
}

const words: Readonly<Record<Row['side'], string>> = {
  here: 'only here',
  there: 'only in S3',
  same: 'same',
  different: 'differs',
  undecided: 'same size',
  absent: 'only here',
};

const titles = ['Local files matching pattern:', 'S3 files matching pattern:'] as const;

/** Two columns, local and remote, and how each pair compares; a key that is too long for its column goes on below. */
export function formatSideBySide(rows: readonly Row[], columns: number): string {
  const last = Math.max(...Object.values(words).map((word) => word.length));
  const most = Math.max(titles[0].length, Math.floor((columns - last - 1) / 2) - 2);
  const longest = rows.reduce((length, { key }) => Math.max(length, printable(key).length), titles[0].length);
  const width = Math.min(most, longest);
  const line = (local: string, remote: string, word: string) =>
    `${local.padEnd(width)}  ${remote.padEnd(width)}  ${word}`.trimEnd();
  const lines = rows.flatMap(({ key, side }) =>
    chunks(printable(key), width).map((part, index) =>
      line(
        side === 'there' ? '' : part,
        side === 'here' || side === 'absent' ? '' : part,
        index === 0 ? words[side] : '',
      ),
    ),
  );
  return [line(...titles, ''), ...lines, ''].join('\n');
}

/** ` (9 only here, 1 differs)`: how many have no copy that is known to be the same on the other side; empty where all have. */
export function formatOnlyCopies(rows: readonly Row[], where: 'here' | 'there'): string {
  const number = (...sides: readonly Row['side'][]) => rows.filter(({ side }) => sides.includes(side)).length;
  const only = where === 'here' ? number('here', 'absent') : number('there');
  const different = number('different');
  const unread = number('undecided');
  const parts = [
    only > 0 ? `${count(only)} ${words[where]}` : '',
    different > 0 ? `${count(different)} ${different === 1 ? 'differs' : 'differ'}` : '',
    unread > 0 ? `${count(unread)} of the same size, not compared` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function chunks(text: string, width: number): string[] {
  const found: string[] = [];
  const letters = [...text];
  for (let at = 0; at < letters.length; at += width) found.push(letters.slice(at, at + width).join(''));
  return found;
}

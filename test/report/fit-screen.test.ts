import { expect, test } from 'vitest';
import { fitScreen } from '../../src/report/fit-screen.ts';

const table = ['NAME  STATE', 'a     \x1b[32mrunning\x1b[0m', 'b     failed', 'c     failed'];
const below = ['3 trials: 1 running, 2 failed', '', '2 failed: exit code 1 (b, c)'];

test.each([
  ['all in its order where there is room', 8, 80, [...table, ...below]],
  [
    'the counts and troubles first, and what has no room counted',
    7,
    80,
    [...below, '', table[0], '… 3 more lines'],
  ],
  ['a line that is wrapped takes two rows', 8, 25, [...below, '… 4 more lines']],
  ['a screen of two rows', 2, 80, [below[0], '… 5 more lines']],
])('%s', (_, rows, columns, wanted) => {
  expect(fitScreen(table, below, { rows, columns })).toEqual(wanted);
});

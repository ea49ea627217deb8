import { expect, it } from 'vitest';
import { formatTroubles } from '../../src/report/troubles.ts';

it('puts trials of the same trouble into one line, with where their words are', () => {
  const reason = 'exit code 1 of the container "code", before the command began';
  const names = ['a', 'b', 'c', 'd'];
  expect(formatTroubles(names.map((name) => ({ name, state: 'failed', reason })))).toEqual([
    `4 failed: ${reason} (a, b, c, and 1 more; make logs name=a container=code)`,
  ]);
});

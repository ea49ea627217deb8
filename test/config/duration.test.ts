import { expect, test } from 'vitest';
import { parseDuration } from '../../src/config/duration.ts';

test.each([
  ['90s', 90],
  ['45m', 2700],
  ['12h', 43_200],
  ['2d6h30m', 196_200],
  ['300', 300],
  [300, 300],
  [null, undefined],
  [undefined, undefined],
  ['', undefined],
  ['soon', undefined],
  ['30m2h', undefined],
])('%o is %o seconds', (written, seconds) => {
  expect(parseDuration(written)).toBe(seconds);
});

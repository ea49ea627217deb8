import { expect, it } from 'vitest';
import { parseDuration } from '../../src/config/duration.ts';

it.each([
  ['90s', 90],
  ['45m', 2700],
  ['12h', 43_200],
  ['2d6h30m', 196_200],
  ['1d1s', 86_401],
  ['3600', 3600],
  [3600, 3600],
  ['', undefined],
  ['0s', 0],
  [0, 0],
  [1.5, undefined],
  ['h', undefined],
  ['1.5h', undefined],
  ['30m2h', undefined],
  ['45m30', undefined],
  ['five', undefined],
  ['-1h', undefined],
  [null, undefined],
  [undefined, undefined],
])('%j is %j seconds', (written, seconds) => {
  expect(parseDuration(written)).toBe(seconds);
});

import { expect, it } from 'vitest';
import { formatDuration } from '../../src/report/format-duration.ts';

it.each([
  [0, '0.0s'],
  [340, '0.3s'],
  [9_940, '9.9s'],
  [9_960, '10s'],
  [59_600, '1m00s'],
  [185_000, '3m05s'],
  [3_599_900, '1h00m'],
  [7_620_000, '2h07m'],
  [86_399_000, '1d00h'],
  [4 * 86_400_000 + 3 * 3_600_000, '4d03h'],
])('%d ms is %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

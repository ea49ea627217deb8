import { expect, it } from 'vitest';
import { nextWait, type Trouble } from '../../src/stores/retry.ts';

const network = (change: object = {}): Trouble => ({
  kind: 'network',
  reused: false,
  final: false,
  ...change,
});
const busy = (change: object = {}): Trouble => ({
  kind: 'busy',
  slow: false,
  retryAfter: undefined,
  ...change,
});
const trials = (failures: number, elapsed = 0, answered = true) => ({ failures, elapsed, answered });

// The table of retry.ts, at the longest of the drawn waits.
it.each([
  ['a kept connection was closed', network({ reused: true }), trials(1), 0],
  ['a kept connection was closed again', network({ reused: true }), trials(2), 200],
  ['network', network(), trials(1), 100],
  ['network, later', network(), trials(9), 5000],
  ['network, too long', network(), trials(30, 120_000), undefined],
  ['network, never answered', network(), trials(4, 0, false), 800],
  ['network, never answered, 5th', network(), trials(5, 0, false), undefined],
  ['certificate', network({ final: true }), trials(1), undefined],
  ['busy', busy(), trials(1), 100],
  ['slow down', busy({ slow: true }), trials(1), 500],
  ['slow down, later', busy({ slow: true }), trials(9), 10_000],
  ['Retry-After', busy({ retryAfter: 20_000 }), trials(1), 20_000],
  ['Retry-After of an hour', busy({ retryAfter: 3_600_000 }), trials(1), 60_000],
  ['Retry-After of nothing', busy({ retryAfter: 0 }), trials(3), 400],
  ['garbled', { kind: 'garbled' } as const, trials(2), 200],
  ['garbled, 5th', { kind: 'garbled' } as const, trials(5), undefined],
])('%s', (_, trouble, so, expected) => {
  expect(nextWait(trouble, so, 1)).toBe(expected);
});

it('waits half as long at least', () => {
  expect(nextWait(busy(), trials(4), 0)).toBe(400);
});

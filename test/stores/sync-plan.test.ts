import { expect, it } from 'vitest';
import { compareSides, decideAction } from '../../src/stores/sync-plan.ts';

const a = { size: 5, digest: 'md5:a' };

// The truth tables of sync-plan.ts, line by line.
it.each([
  ['absent', a, undefined],
  ['different', a, { size: 6, digest: 'md5:a' }],
  ['different', { size: 5 }, { size: 6 }],
  ['same', { size: 0 }, { size: 0 }],
  ['same', a, { size: 5, digest: 'md5:a' }],
  ['different', a, { size: 5, digest: 'md5:b' }],
  ['undecided', a, { size: 5 }],
  ['undecided', { size: 5 }, a],
  ['undecided', { size: 5 }, { size: 5 }],
  ['undecided', a, { size: 5, digest: 'sha256-parts-8:a' }],
] as const)('compares to %s: %j with %j', (expected, source, target) => {
  expect(compareSides(source, target)).toBe(expected);
});

it.each([
  ['absent', false, 'transfer'],
  ['absent', true, 'transfer'],
  ['same', false, 'skip'],
  ['same', true, 'skip'],
  ['different', false, 'leave'],
  ['different', true, 'transfer'],
  ['undecided', false, 'leave'],
  ['undecided', true, 'transfer'],
] as const)('%s with overwrite %s: %s', (comparison, overwrite, action) => {
  expect(decideAction(comparison, overwrite)).toBe(action);
});

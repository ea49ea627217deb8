import { describe, expect, it } from 'vitest';
import { changedParts, decide, type Overwrite } from '../../src/matrix/decide.ts';
import type { TrialState } from '../../src/records/run-record.ts';

const wanted = { hash: 'a'.repeat(64), parts: { command: 'c1', image: 'i1', resources: 'r1' } };
const other = { hash: 'b'.repeat(64), parts: { command: 'c2', image: 'i1', resources: 'r1' } };

const failed: readonly TrialState[] = ['failed', 'timeout', 'interrupted', 'lost'];
const alive: readonly TrialState[] = ['pending', 'suspended', 'running', 'succeeded'];
const act = (known: Parameters<typeof decide>[1], overwrite?: Overwrite) =>
  decide({ fingerprint: wanted }, known, overwrite).kind;

describe('what to do about a trial', () => {
  it('creates what is not there, whatever the overwriting', () => {
    for (const overwrite of [undefined, 'true', 'changed', 'failed'] as const) {
      expect(act(undefined, overwrite)).toBe('create');
      expect(act({ state: 'missing', fingerprint: wanted }, overwrite)).toBe('create');
    }
  });

  it.each(failed)('replaces what is %s', (state) => {
    for (const overwrite of [undefined, 'true', 'changed', 'failed'] as const)
      expect(act({ state, fingerprint: other }, overwrite)).toBe('replace');
  });

  it.each(alive)('keeps what is %s, unless asked to overwrite it', (state) => {
    expect(act({ state, fingerprint: wanted })).toBe('keep');
    expect(act({ state, fingerprint: wanted }, 'changed')).toBe('keep');
    expect(act({ state, fingerprint: wanted }, 'true')).toBe('replace');
    expect(act({ state, fingerprint: other })).toBe('keep');
    expect(act({ state, fingerprint: other }, 'failed')).toBe('keep');
    expect(act({ state, fingerprint: other }, 'changed')).toBe('replace');
    expect(decide({ fingerprint: wanted }, { state } as never, 'changed')).toEqual({
      kind: 'keep',
      changed: [],
    });
  });

  it('says which parts changed', () => {
    expect(decide({ fingerprint: wanted }, { state: 'running', fingerprint: other })).toEqual({
      kind: 'keep',
      changed: ['command'],
    });
    expect(changedParts(wanted, { hash: 'x', parts: { command: 'c1', image: 'i2', data: 'd' } })).toEqual([
      'data',
      'image',
      'resources',
    ]);
    expect(changedParts(wanted, { hash: 'x' })).toEqual(['definition']);
    expect(changedParts(wanted, wanted)).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import { applyPolicy } from '../../src/policy/apply-policy.ts';
import type { Policy, WorkloadKind } from '../../src/policy/policy.ts';

const policy: Policy = {
  name: 'lab',
  defaults: {},
  regions: new Map(),
  rules: [
    { kind: 'field', field: 'limit_ratio', most: 1.2, action: 'adjust', why: 'limits near requests' },
    { kind: 'field', field: 'gpu_count', most: 2, for: 'pod', action: 'refuse', why: 'two GPUs for a pod' },
    { kind: 'command', forbid: 'sleep', for: 'job', why: 'no sleeping' },
  ],
};

const verdict = (kind: WorkloadKind, fields: Record<string, unknown>, command = 'python train.py') =>
  applyPolicy(policy, { kind, fields, command }, () => undefined);

describe('applyPolicy', () => {
  test('adjusts with a warning that gives the reason', () => {
    const { fields, diagnostics } = verdict('job', { limit_ratio: 2, memory: 8 });
    expect(fields).toEqual({ limit_ratio: 1.2, memory: 8 });
    expect(diagnostics).toMatchObject([
      {
        code: 'POLICY_ADJUSTED',
        severity: 'warning',
        message: 'policy "lab": limit_ratio is 2, and may be at most 1.2',
        hint: 'limits near requests; used 1.2 instead',
      },
    ]);
  });

  test('refuses with an error, and only the workloads a rule is for', () => {
    expect(verdict('pod', { gpu_count: 4 }).diagnostics).toMatchObject([
      { code: 'POLICY_REFUSED', severity: 'error' },
    ]);
    expect(verdict('job', { gpu_count: 4 }).diagnostics).toEqual([]);
    expect(verdict('pod', { gpu_count: 2 }).diagnostics).toEqual([]);
  });

  test.each([
    'sleep 10',
    'python a.py; sleep 1',
    'make && /bin/sleep infinity',
    'while true; do sleep 5; done',
    'python a.py\nsleep 3600',
    'exec sleep inf',
  ])('finds the forbidden program in %j', (command) => {
    expect(verdict('job', {}, command).diagnostics).toMatchObject([{ code: 'POLICY_REFUSED' }]);
  });

  test.each(['python sleep.py', 'python train.py --sleep 3', 'echo sleepy', 'python -m sleep_study'])(
    'leaves %j alone',
    (command) => {
      expect(verdict('job', {}, command).diagnostics).toEqual([]);
    },
  );
});

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
    'timeout 1h sleep 100',
    'FOO=1 sleep 5',
    'env FOO=1 sleep 5',
    "bash -c 'sleep 100'",
    'timeout 1h bash -ec "cd /x && sleep 100"',
    '{ sleep 5; }',
    'while sleep 5; do date; done',
    'if sleep 5; then :; fi',
    '! sleep 5',
    'command sleep 1',
    'nice -n 10 sleep 5',
    'echo 5 | xargs sleep',
    'echo "$(sleep 5)"',
    'x=$(sleep 5)',
    'eval "sleep 5"',
    'python a.py & \\\n sleep 5',
  ])('finds the forbidden program in %j', (command) => {
    expect(verdict('job', {}, command).diagnostics).toMatchObject([{ code: 'POLICY_REFUSED' }]);
  });

  test.each([
    'python sleep.py',
    'python train.py --sleep 3',
    'echo sleepy',
    'python -m sleep_study',
    'echo "a; sleep well"',
    "echo 'sleep 5'",
    'ls # sleep 5',
    'bash sleep.sh',
    'python a.py --mode sleep',
  ])('leaves %j alone', (command) => {
    expect(verdict('job', {}, command).diagnostics).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import type { Policy } from '../../src/policy/policy.ts';
import { checkPodPolicy, interactivePod } from '../../src/render/interactive-pod.ts';
import { configWith, rendererWith, specWith, unwrap } from './fixture.ts';

const policy: Policy = {
  name: 'lab',
  defaults: { limit_ratio: 1.2, node_selector: { pool: 'gpu' } },
  regions: new Map([
    ['us-west', 'WEST'],
    ['us-east', 'EAST'],
  ]),
  rules: [
    { kind: 'field', field: 'memory', most: 32, for: 'pod', action: 'adjust', why: 'small pods' },
    { kind: 'field', field: 'gpu_count', most: 2, for: 'pod', action: 'refuse', why: 'two GPUs for a pod' },
  ],
};

describe('the interactive pod under a policy', () => {
  test('has its defaults and adjustments, and a warning tells of them', () => {
    const config = configWith({ policy, kube: { memory: 64 } });
    const { fields } = interactivePod(config);
    expect(fields).toMatchObject({ memory: 32, limit_ratio: 1.2, node_selector: { pool: 'gpu' } });
    expect(checkPodPolicy(config)).toMatchObject([
      { code: 'POLICY_ADJUSTED', severity: 'warning', message: expect.stringContaining('memory is 64') },
    ]);
  });

  test('is not rendered where a rule refuses it, and trials are', async () => {
    const config = configWith({ policy, kube: { gpu_count: 4 } });
    const renderer = await rendererWith({ config });
    expect(renderer.pod(interactivePod(config))).toMatchObject({
      ok: false,
      diagnostics: [{ code: 'POLICY_REFUSED' }],
    });
    expect(renderer.job(specWith({ gpu_count: 4 })).ok).toBe(true);
  });
});

test('pods learn the region of their node, and what is chosen by it', async () => {
  const renderer = await rendererWith({ config: configWith({ policy }) });
  const { text } = unwrap(renderer.job(specWith())).workload;
  expect(text).toContain('fieldPath: "metadata.labels[\'topology.kubernetes.io/region\']"');
  expect(text).toContain('value: "us-west=WEST us-east=EAST"');
});

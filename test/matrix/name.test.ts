import { expect, test } from 'vitest';
import { expand } from '../../src/matrix/expand.ts';
import { buildConfig } from './config-builder.ts';

function names(parts: Parameters<typeof buildConfig>[0]): readonly string[] {
  const result = expand(buildConfig(parts));
  if (!result.ok) throw new Error(result.diagnostics.map((each) => each.message).join('\n'));
  return [...result.value].map((trial) => trial.name);
}

const hash = /-[0-9a-f]{5}$/;

test.each([
  ['no dataset', { model: { average: {} } }, 'alice-example-average'],
  [
    'dashes that lose nothing',
    { model: { 'resnet-50': {} }, dataset: { 'c-10': {} } },
    'alice-example-resnet-50-c-10',
  ],
  ['a value', { model: { vit: { hparam: { lr: '1e-5' } } } }, 'alice-example-vit-lr-1e-5'],
  ['a hidden value', { model: { vit: { hparam: { _lr: '0.1' } } } }, 'alice-example-vit'],
  ['no prefix', { root: { prefix: '' } }, 'example-average'],
  ['another prefix', { root: { prefix: 'lab' }, kube: { prefix: 'x' } }, 'lab-example-average'],
  ['no user', { project: { user: undefined } }, 'example-average'],
  [
    'a model’s prefix',
    { model: { m: { fields: { prefix: 'p-<model>-<lr>' }, hparam: { lr: '1' } } } },
    'p-m-1-example-m-lr-1',
  ],
  [
    'a group',
    { model: { m: { hparam: { train: { paper: { _lr: '1' } } } } } },
    'alice-example-m-train-paper',
  ],
  [
    'a group’s visible key',
    { model: { m: { hparam: { train: { paper: { lr: '1' } } } } } },
    'alice-example-m-train-paper-lr-1',
  ],
])('%s: nothing is lost, so no hash', (_, parts, name) => {
  expect(names(parts)).toEqual([name]);
});

test.each([
  ['a dot', { model: { m: { hparam: { lr: '0.1' } } } }, 'alice-example-m-lr-0-1'],
  ['capitals', { model: { ViT: {} } }, 'alice-example-vit'],
  ['an underscore', { model: { a_b: {} } }, 'alice-example-a-b'],
  ['an empty value', { model: { m: { hparam: { x: '' } } } }, 'alice-example-m-x'],
  ['a dash at the end', { model: { m: { hparam: { x: 'a-' } } } }, 'alice-example-m-x-a'],
  ['letters of another script', { model: { 模型: {} } }, 'alice-example'],
])('%s: something is lost, so there is a hash', (_, parts, head) => {
  const [name = ''] = names(parts);
  expect(name).toMatch(hash);
  expect(name.replace(hash, '')).toBe(head);
});

test('what is too long is cut, readable part first', () => {
  const [name = ''] = names({ model: { m: { hparam: { text: 'x'.repeat(100) } } } });
  expect(name).toHaveLength(63);
  expect(name).toMatch(/^alice-example-m-text-x+-[0-9a-f]{5}$/);
});

test.each([
  ['in a field', { workers: 3 }, {}, 61],
  ['of many pods', { workers: 12 }, {}, 60],
  ['as a hyperparameter', {}, { _workers: ['15'] }, 60],
  ['none', { workers: 0 }, {}, 63],
])('workers leave room for the number at the end of the names of pods: %s', (_, fields, hparam, length) => {
  const named = (x: string) => names({ model: { m: { fields, hparam: { ...hparam, x } } } })[0];
  expect(named('y'.repeat(100))).toHaveLength(length);
  expect(named('y'.repeat(100))).toMatch(hash);
  // One that fits as it is has no hash.
  const fits = 'y'.repeat(length - 'alice-example-m-x-'.length);
  expect(named(fits)).toBe(`alice-example-m-x-${fits}`);
});

test('names that two trials would share have a hash each, whichever of them runs', () => {
  const model = { 'a-b': {}, a: {}, plain: {} };
  const dataset = { c: {}, 'b-c': {} };
  const all = names({ model, dataset });
  expect(all.filter((name) => hash.test(name))).toHaveLength(2);
  const alone = names({ model, dataset, run: [{ model: ['a-b'], dataset: ['c'] }] });
  expect(alone).toEqual([all[0]]);
  expect(all[0]).toMatch(/^alice-example-a-b-c-[0-9a-f]{5}$/);
});

test('trials that only hidden values tell apart have a hash each', () => {
  const all = names({ model: { m: { hparam: { _seed: ['1', '2'], lr: '1' } } } });
  for (const name of all) expect(name).toMatch(/^alice-example-m-lr-1-[0-9a-f]{5}$/);
  expect(new Set(all).size).toBe(2);
});

test('a name does not change when more is added to the file', () => {
  const one = names({ model: { m: { hparam: { lr: ['0.1', '1'] } } } });
  const two = names({ model: { n: {}, m: { hparam: { lr: ['0.1', '1', '0.2'] } } } });
  expect(two).toEqual(expect.arrayContaining([...one]));
});

test('a name is the same on every machine', () => {
  // Written down once: a change here renames the workloads of everybody's running sweeps.
  expect(names({ model: { m: { hparam: { lr: '0.1' } } } })).toEqual(['alice-example-m-lr-0-1-326cd']);
});

test('50,000 trials that read alike are told apart', () => {
  const seeds = Array.from({ length: 50_000 }, (_, seed) => String(seed));
  const all = names({ model: { m: { hparam: { _seed: seeds } } } });
  expect(new Set(all).size).toBe(50_000);
  for (const name of all) expect(name).toMatch(/^alice-example-m(-[0-9a-f]{5}){1,3}$/);
  const some = names({
    model: { m: { hparam: { _seed: seeds } } },
    run: [{ hparam: { seed: seeds.slice(0, 100) } }],
  });
  expect(some).toEqual(all.slice(0, 100));
});

test('of a file too large to count, a selected part has distinct names, plain ones without a hash', () => {
  const axis = Array.from({ length: 100 }, (_, i) => `v${i}`);
  const hparam = { a: axis, b: axis, c: axis, 'd-e': axis, _seed: ['1'] };
  const run = [{ hparam: { a: ['v1'], b: ['v1', 'v2'], c: ['v3'], 'd-e': ['v4'] } }];
  const all = names({ model: { m: { hparam }, n: { hparam: { a: axis, b: axis, c: axis } } }, run });
  expect(new Set(all).size).toBe(4);
  expect(all).toContain('alice-example-n-a-v1-b-v2-c-v3');
  expect(all.filter((name) => hash.test(name))).toHaveLength(2);
});

import { expect, test } from 'vitest';
import { assemble } from '../../src/matrix/assemble.ts';
import { changedParts } from '../../src/matrix/decide.ts';
import { expand } from '../../src/matrix/expand.ts';
import type { Side } from '../../src/matrix/job-spec.ts';
import { buildConfig } from './config-builder.ts';

type Parts = NonNullable<Parameters<typeof buildConfig>[0]>;

function fingerprint(parts: Parts, { side = 'remote' as Side, code = 'c1' } = {}) {
  const config = buildConfig(parts);
  const matrix = expand(config);
  const plan = matrix.ok ? assemble(config, matrix.value, { side, code }) : matrix;
  if (!plan.ok) throw new Error(plan.diagnostics.map((each) => each.message).join('\n'));
  return plan.value.at(0).fingerprint;
}

const model = (fields: object, more: object = {}) => ({ model: { m: { fields, ...more } } });

test.each<[string, Parts, readonly string[]]>([
  ['the command', { model: { m: { command: 'false' } } }, ['command']],
  ['the startup script', model({ startup_script: 'x' }), ['command']],
  ['the image', model({ image: 'x' }), ['image']],
  ['memory', model({ memory: 33 }), ['resources']],
  ['volumes', model({ volumes: { claim: '/data' } }), ['resources']],
  ['env', model({ env: { A: '1' } }), ['env']],
  ['a hidden hyperparameter', model({}, { hparam: { _seed: '1' } }), ['env']],
  ['the name of a variable of .env', { ...model({}), dotenv: { KEY: 'secret' } }, ['env']],
  ['files', model({ file: null }), ['files']],
  ['data', model({ data: ['d'] }), ['data']],
  ['outputs', model({ outputs: ['o'] }), ['outputs']],
  ['labels', model({ labels: { a: 'b' } }), []],
  [
    'node lists, retries, time limits',
    model({ gpu_whitelist: ['A100'], retries: 3, timeout: '1h', ttl: 5 }),
    [],
  ],
  ['a default that is written out', model({ memory: 32 }), []],
])('%s', (_, parts, expected) => {
  const before = fingerprint(model({}));
  const after = fingerprint(parts);
  expect(changedParts(after, before)).toEqual(expected);
  expect(after.hash === before.hash).toBe(expected.length === 0);
});

test('the code', () => {
  expect(changedParts(fingerprint(model({}), { code: 'c2' }), fingerprint(model({})))).toEqual(['code']);
});

test('a local run has no image, resources or files to change', () => {
  const before = fingerprint(model({}), { side: 'local' });
  expect(fingerprint(model({ image: 'x', memory: 1, file: ['a'] }), { side: 'local' })).toEqual(before);
  expect(fingerprint(model({})).hash).not.toBe(before.hash);
});

test('values of .env take no part, even where a field says the same name', () => {
  const one = fingerprint({ ...model({ env: { KEY: 'a' } }), dotenv: { KEY: 'x' } });
  const two = fingerprint({ ...model({ env: { KEY: 'b' } }), dotenv: { KEY: 'y' } });
  expect(two).toEqual(one);
});

test('the order of keys in the file takes no part', () => {
  const one = fingerprint(
    model({ env: { A: '1', B: '2' }, volumes: { a: '/a', b: '/b' } }, { hparam: { x: '1', y: '2' } }),
  );
  const two = fingerprint(
    model({ volumes: { b: '/b', a: '/a' }, env: { B: '2', A: '1' } }, { hparam: { y: '2', x: '1' } }),
  );
  expect(two).toEqual(one);
});

test('texts cannot run into each other', () => {
  const one = fingerprint(model({ data: ['a', 'b'] }));
  const two = fingerprint(model({ data: ['a","b'] }));
  expect(two.hash).not.toBe(one.hash);
});

test('hash and parts have the lengths they promise', () => {
  const { hash, parts } = fingerprint(model({}));
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(Object.keys(parts)).toEqual([
    'command',
    'env',
    'image',
    'resources',
    'files',
    'data',
    'outputs',
    'code',
  ]);
  for (const part of Object.values(parts)) expect(part).toMatch(/^[0-9a-f]{12}$/);
});

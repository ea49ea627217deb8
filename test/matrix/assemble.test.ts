import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { assemble } from '../../src/matrix/assemble.ts';
import { expand } from '../../src/matrix/expand.ts';
import type { Side } from '../../src/matrix/job-spec.ts';
import { buildConfig, tutorial } from './config-builder.ts';

function assembled(config: Config, side: Side = 'remote', code?: string) {
  const matrix = expand(config);
  if (!matrix.ok) throw new Error(matrix.diagnostics.map((each) => each.message).join('\n'));
  return assemble(config, matrix.value, { side, ...(code !== undefined && { code }) });
}

function specs(config: Config, side: Side = 'remote', code?: string) {
  const plan = assembled(config, side, code);
  if (!plan.ok) throw new Error(plan.diagnostics.map((each) => each.message).join('\n'));
  return [...plan.value];
}

function codes(config: Config, side: Side = 'remote') {
  return assembled(config, side).diagnostics.map((each) => each.code);
}

test('the tutorial’s commands on both sides', () => {
  expect(specs(tutorial(), 'local').map((spec) => spec.command.trim())).toEqual([
    'python src/avg.py data/1.txt',
    'python src/med.py data/1.txt',
    'python src/avg.py data/2.txt',
    'python src/med.py data/2.txt',
  ]);
  expect(specs(tutorial(), 'remote')[0]?.command).toBe(
    'make download file=data/; python src/avg.py data/1.txt',
  );
});

test.each(['local', 'remote'] as const)('commands alone are those of the %s specs', (side) => {
  const plan = assembled(tutorial(), side);
  if (!plan.ok) throw new Error('the tutorial does not assemble');
  const ofSpecs = [...plan.value].map(({ name, command }) => ({ name, command }));
  expect([...plan.value.commands()]).toEqual(ofSpecs);
  expect(ofSpecs).toHaveLength(4);
});

test('defaults come from the project', () => {
  const [spec] = specs(buildConfig());
  expect(spec?.fields).toMatchObject({
    image: 'gitlab-registry.nrp-nautilus.io/alice/example:latest',
    image_pull_secrets: ['example-read-registry'],
    cpu_count: 5,
    memory: 32,
    file: ['.env', 'config/launch.yaml', 'config/kube.yaml'],
    outputs: [],
    timeout: undefined,
  });
});

test('each layer wins over the one before it, and env merges', () => {
  const [spec] = specs(
    buildConfig({
      kube: { memory: 1, cpu_count: 1, image: 'kube', timeout: '1h', env: { A: 'kube', B: 'kube' } },
      root: { memory: 2, cpu_count: 2, env: { B: 'root', C: 'root' } },
      dataset: {
        d: { fields: { memory: 3, retries: 3, gpu_count: 3, env: { C: '<dataset>', D: 'dataset' } } },
      },
      model: {
        m: {
          hparam: { gpu_count: '5' },
          fields: { memory: 4, gpu_count: 4, env: { D: 'm', E: '<gpu_count>' } },
        },
      },
    }),
  );
  expect(spec?.fields).toMatchObject({
    memory: 4,
    cpu_count: 2,
    retries: 3,
    gpu_count: 5,
    image: 'kube',
    timeout: 3600,
  });
  expect(spec?.env).toEqual({ A: 'kube', B: 'root', C: 'd', D: 'm', E: '5' });
});

test('a hyperparameter that does not fit the field of its name is an error', () => {
  expect(codes(buildConfig({ model: { m: { hparam: { gpu_count: ['1', 'two'] } } } }))).toEqual([
    'MATRIX_FIELD_VALUE',
  ]);
  expect(codes(buildConfig({ model: { m: { hparam: { env: 'prod' } } } }))).toEqual(['MATRIX_FIELD_VALUE']);
});

test('placeholders work in every string of model and dataset', () => {
  const [spec] = specs(
    buildConfig({
      model: {
        m: {
          hparam: { lr: '0.1' },
          fields: {
            image: 'r/<model>:<lr>',
            outputs: ['out/<name>/', 'log/\\<x>'],
            labels: { size: '<dataset>' },
          },
        },
      },
      dataset: { d: {} },
    }),
  );
  expect(spec?.fields).toMatchObject({
    image: 'r/m:0.1',
    outputs: [`out/${spec?.name}/`, 'log/<x>'],
    labels: { size: 'd' },
  });
});

test('an unknown placeholder is one error, however many pairs have it', () => {
  const config = buildConfig({
    model: { m: { command: 'python a.py <lrr>', hparam: { lr: ['1', '2'] } } },
    dataset: { a: {}, b: {} },
  });
  const result = assembled(config);
  expect(result.ok).toBe(false);
  expect(result.diagnostics).toHaveLength(1);
  expect(result.diagnostics[0]).toMatchObject({
    code: 'MATRIX_UNKNOWN_PLACEHOLDER',
    hint: 'did you mean <lr>?',
  });
});

test.each([
  ['out/<name>', true],
  ['out/<name>/../<lr>', true],
  ['out/<name>/../x', false],
  ['out/<lr>/../x', false],
])('outputs %s meet only where they lead to one place', (outputs, apart) => {
  const model = { m: { command: 'run <lr>', hparam: { lr: ['1', '2'] }, fields: { outputs: [outputs] } } };
  const found = codes(buildConfig({ model })).filter((code) => code.startsWith('MATRIX_OUTPUTS'));
  expect(found).toEqual(apart ? [] : ['MATRIX_OUTPUTS_OVERLAP']);
});

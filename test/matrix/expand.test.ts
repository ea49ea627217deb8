import { expect, test } from 'vitest';
import { expand } from '../../src/matrix/expand.ts';
import { buildConfig, tutorial } from './config-builder.ts';

function expanded(config: Parameters<typeof expand>[0]) {
  const result = expand(config);
  if (!result.ok) throw new Error(result.diagnostics.map((each) => each.message).join('\n'));
  return result;
}

test('the tutorial expands to four trials, datasets outer and models inner', () => {
  const { value } = expanded(tutorial());
  expect(value.length).toBe(4);
  expect([...value].map((trial) => trial.name)).toEqual([
    'alice-example-average-data1',
    'alice-example-median-data1',
    'alice-example-average-data2',
    'alice-example-median-data2',
  ]);
  expect(value.at(2)).toEqual({
    index: 2,
    model: 'average',
    dataset: 'data2',
    hparam: [{ key: 'fn', text: 'data/2.txt', visible: false }],
    name: 'alice-example-average-data2',
  });
});

test('a key in both keeps the dataset’s position and takes the model’s value; the last axis varies fastest', () => {
  const { value } = expanded(
    buildConfig({
      model: { m: { hparam: { lr: ['3', '4'], wd: ['0', '1'] } } },
      dataset: { d: { hparam: { lr: '9', seed: '7' } } },
    }),
  );
  expect([...value].map((trial) => trial.hparam.map((each) => `${each.key}=${each.text}`).join(' '))).toEqual(
    ['lr=3 seed=7 wd=0', 'lr=3 seed=7 wd=1', 'lr=4 seed=7 wd=0', 'lr=4 seed=7 wd=1'],
  );
});

test('entries of run: in their order, a trial that two of them select once, with a warning', () => {
  const { value, diagnostics } = expanded(
    buildConfig({
      model: { a: { hparam: { lr: ['1', '2', '3'] } }, b: {} },
      run: [
        { model: ['a'], hparam: { lr: ['3', '2'] } },
        { model: ['b', 'a'] },
        { model: ['a'] },
        { model: ['b', 'b'] },
      ],
    }),
  );
  expect([...value].map((trial) => trial.name.replace('alice-example-', ''))).toEqual([
    'a-lr-2',
    'a-lr-3',
    'b',
    'a-lr-1',
  ]);
  expect([...value].map((trial) => trial.index)).toEqual([0, 1, 2, 3]);
  expect(diagnostics.map((each) => [each.code, each.severity])).toEqual(
    Array.from({ length: 3 }, () => ['MATRIX_SELECTED_TWICE', 'warning']),
  );
});

test('run.hparam leaves alone what has no such axis, and filters groups by name and by inner key', () => {
  const hparam = { train: { paper: { _lr: '1' }, scale: { _lr: '2' } } };
  const config = (filter: Readonly<Record<string, readonly string[]>>) =>
    buildConfig({ model: { a: { hparam }, b: {} }, run: [{ hparam: filter }] });
  const names = (filter: Readonly<Record<string, readonly string[]>>) =>
    [...expanded(config(filter)).value].map((trial) => trial.name.replace('alice-example-', ''));
  expect(names({ train: ['scale'] })).toEqual(['a-train-scale', 'b']);
  expect(names({ lr: ['1'] })).toEqual(['a-train-paper', 'b']);
});

test('a group sets its inner keys', () => {
  const { value } = expanded(
    buildConfig({ model: { m: { hparam: { train: { paper: { _lr: '1e-5', warm: '0' } }, x: '1' } } } }),
  );
  expect(value.at(0).hparam).toEqual([
    { key: 'train', text: 'paper', visible: true },
    { key: 'lr', text: '1e-5', visible: false },
    { key: 'warm', text: '0', visible: true },
    { key: 'x', text: '1', visible: true },
  ]);
});

test.each([
  [6, '1,000,000,000,000'],
  [15, '1,000,000,000,000,000,000,000,000,000,000'],
])('100^%i trials are refused by their count', (axes, count) => {
  const axis = Array.from({ length: 100 }, (_, i) => String(i));
  const hparam = Object.fromEntries(Array.from({ length: axes }, (_, i) => [`k${i}`, axis]));
  const result = expand(buildConfig({ model: { m: { hparam } } }));
  expect(result.ok).toBe(false);
  expect(result.diagnostics.map((each) => each.message)).toEqual([
    `the matrix has ${count} trials, and the limit is 100,000`,
  ]);
});

test('the limit itself is allowed, one more is not, and max_trials moves it', () => {
  const hparam = { a: Array.from({ length: 100_001 }, (_, i) => String(i)) };
  const run = [{ hparam: { a: hparam.a.slice(1) } }];
  expect(expanded(buildConfig({ model: { m: { hparam } }, run })).value.length).toBe(100_000);
  expect(expand(buildConfig({ model: { m: { hparam } } })).ok).toBe(false);
  expect(expanded(buildConfig({ model: { m: { hparam } }, maxTrials: 100_001 })).value.length).toBe(100_001);
});

test('what two entries of run both select counts once', () => {
  const hparam = { a: ['1', '2', '3', '4'], b: ['1', '2'] };
  const twice = (maxTrials: number) => buildConfig({ model: { m: { hparam } }, run: [{}, {}], maxTrials });
  expect(expanded(twice(8)).value.length).toBe(8);
  expect(expand(twice(7)).diagnostics[0]?.message).toBe('the matrix has 8 trials, and the limit is 7');
});

test('nobody has to count the digits', () => {
  const hparam = Object.fromEntries(
    Array.from({ length: 240 }, (_, i) => [`k${i}`, [...'0123456789']] as const),
  );
  expect(expand(buildConfig({ model: { m: { hparam } } })).diagnostics[0]?.message).toBe(
    'the matrix has 1.0e240 trials, and the limit is 100,000',
  );
});

test('a million pairs of model and dataset are refused without being visited', () => {
  const many = (letter: string) =>
    Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${letter}${i}`, {}]));
  const result = expand(buildConfig({ model: many('m'), dataset: many('d') }));
  expect(result.diagnostics[0]?.message).toMatch(/at least 100,001 trials/);
});

test('an index outside the matrix is a bug of the caller', () => {
  const { value } = expanded(tutorial());
  for (const index of [-1, 4, 0.5, Number.NaN]) expect(() => value.at(index)).toThrow(RangeError);
});

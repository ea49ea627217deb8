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

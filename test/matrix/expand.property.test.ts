import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Axis, Config } from '../../src/config/config.ts';
import { expand } from '../../src/matrix/expand.ts';
import type { Trial } from '../../src/matrix/trial.ts';
import { buildConfig } from './config-builder.ts';

const word = fc.oneof(
  fc.stringMatching(/^[a-c](-[a-c]){0,2}$/),
  fc.constantFrom('a', 'b', '0.1', '1e-5', 'A', 'ä', '-1', 'a-', 'data/1.txt', '', ' ', '007'),
);
const key = fc.constantFrom('a', 'b', 'b-c', 'c', 'lr', '_a', '_seed', '_hid');
const hparam = fc.dictionary(key, fc.uniqueArray(word, { minLength: 1, maxLength: 4 }), { maxKeys: 4 });
const name = fc.stringMatching(/^[a-cA-C][a-c.-]{0,3}$/);
const entries = fc.dictionary(name, fc.record({ hparam }), { minKeys: 1, maxKeys: 3 });
const selection = fc.record(
  { hparam: fc.dictionary(fc.constantFrom('a', 'b', 'lr', 'seed'), fc.uniqueArray(word), { maxKeys: 2 }) },
  { requiredKeys: [] },
);
const parts = fc.record({
  model: entries,
  dataset: fc.option(entries, { nil: undefined }),
  run: fc.array(selection, { minLength: 1, maxLength: 3 }),
  root: fc.constantFrom({}, { prefix: '' }, { prefix: 'a-b' }, { prefix: '<dataset>' }),
});

/** `a` and `_a` in one mapping are one key twice, which the config refuses before this. */
function hasKeyTwice(config: Config): boolean {
  return [...config.models, ...config.datasets].some(
    ({ axes }) => new Set(axes.map((axis) => axis.key)).size < axes.length,
  );
}

const configs = parts
  .map(({ dataset, ...rest }) => buildConfig({ ...rest, ...(dataset && { dataset }) }))
  .filter((config) => !hasKeyTwice(config));

/** The spec's sentences, word for word, with no thought of speed. */
function expandByDefinition(config: Config): readonly string[] {
  const trials: string[] = [];
  for (const run of config.run) {
    for (const dataset of config.datasets) {
      for (const model of config.models) {
        const axes: Axis[] = dataset.axes.map(
          (axis) => model.axes.find(({ key: own }) => own === axis.key) ?? axis,
        );
        axes.push(...model.axes.filter((axis) => dataset.axes.every(({ key: own }) => own !== axis.key)));
        let points: string[][] = [[]];
        for (const axis of axes) {
          const wanted = run.hparam?.get(axis.key);
          const labels = axis.points.map(({ label }) => label).filter((label) => wanted?.has(label) ?? true);
          points = points.flatMap((point) => labels.map((label) => [...point, `${axis.key}=${label}`]));
        }
        for (const point of points)
          trials.push(describe({ model: model.name, dataset: dataset.name, point }));
      }
    }
  }
  return [...new Set(trials)];
}

function describe(trial: { model: string; dataset: string; point: readonly string[] }): string {
  return JSON.stringify([trial.model, trial.dataset, trial.point]);
}

function describeTrial({ model, dataset, hparam: all }: Trial): string {
  return describe({ model, dataset, point: all.map((each) => `${each.key}=${each.text}`) });
}

/** Name by trial, whatever the order of its hyperparameters. */
function namesOf(config: Config): ReadonlyMap<string, string> {
  const result = expand(config);
  if (!result.ok) return new Map();
  return new Map(
    [...result.value].map((trial) => [
      JSON.stringify([
        trial.model,
        trial.dataset,
        trial.hparam.map((each) => `${each.key}=${each.text}`).sort(),
      ]),
      trial.name,
    ]),
  );
}

test('the trials are the product by definition, in its order', () => {
  fc.assert(
    fc.property(configs, (config) => {
      const expected = expandByDefinition(config);
      const result = expand(config);
      const isEmpty = config.run.some((run) => expandByDefinition({ ...config, run: [run] }).length === 0);
      expect(result.ok).toBe(!isEmpty);
      if (!result.ok) return;
      expect([...result.value].map(describeTrial)).toEqual(expected);
      expect(result.value.length).toBe(expected.length);
      expect([...result.value].map((trial) => trial.index)).toEqual(expected.map((_, index) => index));
    }),
    { numRuns: 500 },
  );
});

test('names are legal, at most 63 long and distinct', () => {
  fc.assert(
    fc.property(configs, fc.string({ maxLength: 70 }), (config, project) => {
      const named = { ...config, project: { ...config.project, project_name: project } };
      const names = [...namesOf(named).values()];
      for (const each of names) expect(each).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      expect(new Set(names).size).toBe(names.length);
    }),
    { numRuns: 500 },
  );
});

test('a trial is called the same whatever else runs, and in whatever order the file has things', () => {
  fc.assert(
    fc.property(configs, (config) => {
      const all = namesOf({ ...config, run: [{}] });
      for (const [trial, name] of namesOf(config)) expect(all.get(trial)).toBe(name);
      const reordered = {
        ...config,
        models: config.models.toReversed(),
        datasets: config.datasets.toReversed(),
      };
      for (const [trial, name] of namesOf(reordered)) expect(all.get(trial)).toBe(name);
    }),
    { numRuns: 300 },
  );
});

test('a hash does not depend on the order of the hyperparameters', () => {
  fc.assert(
    fc.property(configs, (config) => {
      const turn = <E extends { readonly axes: readonly Axis[] }>(each: E): E => ({
        ...each,
        axes: each.axes.toReversed(),
      });
      const turned = { ...config, models: config.models.map(turn), datasets: config.datasets.map(turn) };
      const names = namesOf(turned);
      for (const [trial, name] of namesOf(config)) {
        const hash = /-[0-9a-f]{5}$/.exec(name)?.[0];
        const other = names.get(trial) ?? '';
        if (hash !== undefined && /-[0-9a-f]{5}$/.test(other)) expect(other.endsWith(hash)).toBe(true);
      }
    }),
  );
});

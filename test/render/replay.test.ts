import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JobSpec } from '../../src/matrix/job-spec.ts';
import { fieldsWith, rendererWith, specWith, unwrap } from './fixture.ts';

const shipped = ['job.yaml', 'pod-spec.yaml'].map((name): [string, string] => [
  `${name}.hbs`,
  readFileSync(`templates/${name}.hbs`, 'utf8'),
]);

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0slot 3', '{{name}}', '---\na: b'),
);
const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/);
const fields = fc.record(
  {
    outputs: fc.array(
      name.map((each) => `out/${each}/`),
      { maxLength: 2 },
    ),
    data: fc.array(name, { maxLength: 2 }),
    retries: fc.nat(3),
    gpu_count: fc.nat(2),
    memory: fc.constantFrom(1, 1.5, 32),
    timeout: fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }),
    ttl: fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: undefined }),
    labels: fc.dictionary(name, name, { maxKeys: 2 }),
    annotations: fc.dictionary(name, text, { maxKeys: 2 }),
    volumes: fc.dictionary(
      name,
      name.map((each) => `/mnt/${each}`),
      { maxKeys: 1 },
    ),
    workers: fc.constantFrom(0, 0, 0, 2),
    priority: fc.option(name),
    service_account: fc.option(name),
    scheduler_name: fc.option(name),
  },
  { requiredKeys: [] },
);
const spec = fc
  .record({
    name,
    fields,
    command: text,
    env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,5}$/), text, { maxKeys: 3 }),
    model: text,
    value: text,
  })
  .map((each): JobSpec => {
    const { model, value, name } = each;
    const base = specWith(each.fields, { name, command: each.command, env: each.env });
    return {
      ...base,
      fields: fieldsWith(each.fields),
      trial: { ...base.trial, name, model, hparam: [{ key: 'x', text: value, visible: true }] },
    };
  });

test('a manifest made like the one before is what the template makes', async () => {
  // With templates of its own, though the same, a project's templates run for each trial.
  await fc.assert(
    fc.asyncProperty(fc.array(spec, { minLength: 1, maxLength: 8 }), async (specs) => {
      const fast = await rendererWith();
      const slow = await rendererWith({ templates: Object.fromEntries(shipped) });
      for (const each of specs) {
        const [a, b] = [fast.job(each), slow.job(each)];
        if (!a.ok)
          expect(a.diagnostics.map((one) => one.message)).toEqual(b.diagnostics.map((one) => one.message));
        else {
          const expected = unwrap(b).workload;
          expect(a.value.workload.text).toBe(expected.text);
          expect(a.value.workload.object).toEqual(expected.object);
        }
      }
    }),
    { numRuns: 100 },
  );
});

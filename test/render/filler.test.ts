import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Filler } from '../../src/render/filler.ts';
import { analyzeSkeleton, parseManifest } from '../../src/render/skeleton.ts';

const text = [
  'apiVersion: v1',
  'kind: ConfigMap',
  'metadata:',
  '  name: \0',
  '  labels: {a: \0, b: fixed, c: \0}',
  '  annotations: \0',
  'data:',
  '  one: \0',
  '  two: fixed',
  '',
].join('\n');

const skeleton = analyzeSkeleton(text);
if (skeleton === undefined) throw new Error('the text has holes that are no values');

/** From few, so that neighbours often share some. */
const word = fc.constantFrom('x', 'y', 'é\n', '{{name}}', '\ud800');
const map = fc.dictionary(fc.constantFrom('k', 'l'), word, { maxKeys: 2 });
const values = fc.tuple(word, word, word, map, word);

test('each manifest is what it would be alone, also when the others have been made', () => {
  fc.assert(
    fc.property(fc.array(values, { minLength: 2, maxLength: 12 }), (sweep) => {
      const shared = new Filler(skeleton);
      const filled = sweep.map((each) => shared.fill(each));
      for (const [index, each] of sweep.entries()) {
        const alone = new Filler(skeleton).fill(each);
        const { object, manifest } = filled[index] ?? alone;
        expect(object).toEqual(alone.object);
        expect(`${manifest}`).toBe(`${alone.manifest}`);
        expect(parseManifest(`${manifest}`).object).toEqual(object);
        expect(manifest.isWellFormed).toBe(!JSON.stringify(each).includes('\\ud800'));
        expect(manifest.length).toBe(`${manifest}`.length);
      }
    }),
    { numRuns: 300 },
  );
});

test('a value that was changed in place is seen, and what was made of it stays', () => {
  const annotations: Record<string, string> = { k: 'x' };
  const filler = new Filler(skeleton);
  const before = filler.fill(['n', 'a', 'c', annotations, 'one']);
  annotations['k'] = 'y';
  const after = filler.fill(['n', 'a', 'c', annotations, 'one']);
  expect(before.object).toMatchObject({ metadata: { annotations: { k: 'x' } } });
  expect(after.object).toMatchObject({ metadata: { annotations: { k: 'y' } } });
  expect(`${before.manifest}`).not.toBe(`${after.manifest}`);
});

test('parts that two manifests share cannot be changed in one of them', () => {
  const filler = new Filler(skeleton);
  filler.fill(['n', 'a', 'c', {}, 'one']);
  const { object } = filler.fill(['m', 'a', 'c', {}, 'one']);
  const { metadata } = object as { metadata: { labels: object } };
  expect(Object.isFrozen(metadata.labels)).toBe(true);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findOverlap, type Output } from '../../src/matrix/find-overlap.ts';

const output = fc.record({
  trial: fc.nat({ max: 3 }),
  path: fc.array(fc.constantFrom('a', 'b', '.', ''), { maxLength: 4 }).map((steps) => steps.join('/')),
  named: fc.constant(false),
});

function steps(path: string): readonly string[] {
  return path.split('/').filter((step) => step !== '' && step !== '.');
}

function overlaps(a: Output, b: Output): boolean {
  const [long, short] =
    steps(a.path).length > steps(b.path).length
      ? [steps(a.path), steps(b.path)]
      : [steps(b.path), steps(a.path)];
  return a.trial !== b.trial && short.every((step, i) => step === long[i]);
}

test('an overlap is found exactly when comparing all with all finds one', () => {
  fc.assert(
    fc.property(fc.array(output, { maxLength: 8 }), (outputs) => {
      const exists = outputs.some((a, i) => outputs.slice(i + 1).some((b) => overlaps(a, b)));
      const found = findOverlap(outputs);
      expect(found !== undefined).toBe(exists);
      if (found !== undefined) expect(overlaps(...found)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['out', 'out', true],
  ['out/', './out', true],
  ['out', 'out/a', true],
  ['out/*', 'out/a', true],
  ['.', 'a', true],
  ['out/a/../x', 'out/b/../x/y', true],
  ['out/../a', 'out/b', false],
  ['out', 'out2', false],
  ['a/b', 'a/c', false],
])('%s and %s', (a, b, expected) => {
  const found = findOverlap([
    { trial: 0, path: a, named: false },
    { trial: 1, path: b, named: false },
  ]);
  expect(found !== undefined).toBe(expected);
});

test('paths with <name> in them cannot meet each other, but others can hold them', () => {
  const named = (trial: number, path: string) => ({ trial, path, named: true });
  expect(findOverlap([named(0, 'out/x'), named(1, 'out/y')])).toBeUndefined();
  expect(findOverlap([named(0, 'out/x'), { trial: 1, path: 'out', named: false }])).toBeDefined();
  expect(findOverlap([named(0, 'out/x'), { trial: 0, path: 'out', named: false }])).toBeUndefined();
  expect(findOverlap([named(0, 'out/x'), { trial: 1, path: 'out/x/log', named: false }])).toBeDefined();
});

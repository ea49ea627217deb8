import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGlob, parseGlob } from '../src/glob.ts';

describe('a pattern', () => {
  it.each([
    ['*', '', true],
    ['*', 'a/b/c', true],
    ['data/*', 'data/a/b', true],
    ['data/*', 'data', false],
    ['data/*.csv', 'data/x/y.csv', true],
    ['data/*.csv', 'data/x.csv.gz', false],
    ['a?c', 'abc', true],
    ['a?c', 'a😀c', true],
    ['a?c', 'ac', false],
    ['a?c', 'a/c', true],
    ['[abc]x', 'bx', true],
    ['[abc]x', 'dx', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[^a-c]x', 'dx', true],
    ['[]]', ']', true],
    ['[a-]', '-', true],
    ['[unclosed', '[unclosed', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['Model/*t5*wise*419*', 'Model/Yelp/t5_12weeks_wise-sky-249-419/config.json', true],
    ['**a**', 'xay', true],
    ['*ab', 'aab', true],
    ['*aab*', 'aaab', true],
    ['a*b*c', 'aXbXcX', false],
    ['', '', true],
    ['', 'a', false],
    ['x.y', 'xzy', false],
  ])('%j on %j: %s', (pattern, text, expected) => {
    expect(parseGlob(pattern).matches(text)).toBe(expected);
  });

  it('longer than a machine word matches to its end', () => {
    for (const length of [30, 31, 32, 33, 63, 64, 65, 500]) {
      const text = Array.from({ length }, (_, index) => String.fromCodePoint(97 + (index % 26))).join('');
      expect(parseGlob(text).matches(text)).toBe(true);
      expect(parseGlob(`*${text}*`).matches(`--${text}--`)).toBe(true);
      expect(parseGlob(text).matches(`${text.slice(0, -1)}!`)).toBe(false);
      expect(parseGlob(text).matches(text.slice(0, -1))).toBe(false);
    }
  });

  it('that makes backtracking matchers hang ends', () => {
    const many = parseGlob(`${'*a'.repeat(250)}b`);
    for (let time = 0; time < 200; time++) expect(many.matches('a'.repeat(1000))).toBe(false);
  });

  it('tells what its matches begin with', () => {
    expect(parseGlob('data/x*').prefix).toBe('data/x');
    expect(parseGlob('data/[ab]/c').prefix).toBe('data/');
    expect(parseGlob('a\\*b*').prefix).toBe('a*b');
    expect(parseGlob('*').prefix).toBe('');
  });

  it('is told from a path', () => {
    expect(['a/b.txt', 'a*', 'a?', 'a[b]'].map(isGlob)).toEqual([false, true, true, true]);
  });
});

it('matches what the regular expression of its meaning does', () => {
  const text = fc.array(fc.constantFrom('a', 'b', '*', '?'), { maxLength: 8 }).map((chars) => chars.join(''));
  fc.assert(
    fc.property(text, text, (pattern, value) => {
      const meaning = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      expect(parseGlob(pattern).matches(value)).toBe(meaning.test(value));
    }),
    { numRuns: 2000 },
  );
});

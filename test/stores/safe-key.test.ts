import { expect, it } from 'vitest';
import { printable, whyUnsafe } from '../../src/stores/safe-key.ts';

it.each([
  '../x',
  'a/../../x',
  '..',
  'a/..',
  './a',
  'a/./b',
  '/etc/passwd',
  'C:/x',
  'c:x',
  'a\\b',
  '..\\x',
  'a\0b',
  'a//b',
  '//',
  '',
  'x'.repeat(1025),
  `a/${'x'.repeat(256)}`,
  'a\ud800b',
])('refuses %j', (key) => {
  expect(whyUnsafe(key)).toBeTypeOf('string');
});

it.each([
  'a',
  'a/b',
  'a/b/',
  '...',
  '..a',
  'a..',
  '.hidden',
  'a b',
  '+%#?&\'"',
  '😀',
  'line\nbreak',
  'aa:b',
  `${'x'.repeat(255)}/${'y'.repeat(255)}/${'z'.repeat(255)}/${'w'.repeat(255)}a`.slice(0, 1023),
])('takes %j', (key) => {
  expect(whyUnsafe(key)).toBeUndefined();
});

it('shows what would move the cursor in quotes, and nothing else', () => {
  expect(printable('data/ü 😀.txt')).toBe('data/ü 😀.txt');
  expect(printable('a\nb')).toBe('"a\\nb"');
  expect(printable('\u001b[2J')).toBe('"\\u001b[2J"');
  expect(printable('a\u009bb\u202e')).toBe('"a\\u009bb\\u202e"');
});

import { describe, expect, test } from 'vitest';
import { decideLocal } from '../../src/matrix/decide-local.ts';
import { expand } from '../../src/matrix/expand.ts';
import { keepsState, onlyChoices, parseWhere } from '../../src/matrix/select.ts';
import { buildConfig } from './config-builder.ts';

const expanded = expand(
  buildConfig({
    model: {
      vit: { hparam: { lr: ['0.1', '0.01'], _tag: 'a b' } },
      mlp: { hparam: { lr: '0.1', width: ['8', '16'] } },
    },
    dataset: { mnist: {}, cifar10: {} },
  }),
);
if (!expanded.ok) throw new Error('the matrix of this test does not expand');
const matrix = expanded.value;

function selected(where: string): number {
  const filter = parseWhere(where, matrix);
  if (!filter.ok) throw new Error(filter.diagnostics[0]?.message);
  return [...matrix].filter(filter.value).length;
}

describe('where=', () => {
  test.each([
    ['', 8],
    ['model=vit', 4],
    ['lr=0.01 model=vit', 2],
    ['  lr=0.01   model=vit ', 2],
    ['lr=0.1', 6],
    ['lr=0.*', 8],
    ['lr=0.0?', 2],
    ['model=v*t dataset=*10', 2],
    ['model=vit,mlp', 8],
    ['width=8,16 dataset=mnist', 2],
    ['width!=8', 6],
    ["tag='a b'", 4],
    ['tag="a b"', 4],
    ['_tag=a*', 4],
    ['lr=0.10,0.01', 2],
    ['lr!=0.10', 8],
    ['name=alice-example-mlp-*-width-16*', 2],
  ])('%s', (where, count) => {
    expect(selected(where)).toBe(count);
  });

  test.each([
    ['lrr=1', 'MATRIX_WHERE_UNKNOWN'],
    ['lr=0.10', 'MATRIX_WHERE_UNKNOWN'],
    ["lr='0.*'", 'MATRIX_WHERE_UNKNOWN'],
    ['model=vitt', 'MATRIX_WHERE_UNKNOWN'],
    ['dataset=', 'MATRIX_WHERE_UNKNOWN'],
    ['=1', 'MATRIX_WHERE_SYNTAX'],
    ['lr', 'MATRIX_WHERE_SYNTAX'],
    ["lr='1", 'MATRIX_WHERE_SYNTAX'],
  ])('%s is refused', (where, code) => {
    expect(parseWhere(where, matrix).diagnostics.map((each) => each.code)).toEqual([code]);
  });

  test.each([
    ['model = a', 'with no space around the sign'],
    ['model !=a', 'with no space around the sign'],
    ['lr>1', 'numbers are not compared'],
    ['lr <= 1', 'numbers are not compared'],
    ['a', 'condition KEY=VALUE'],
  ])('%s: says what slipped', (where, words) => {
    expect(parseWhere(where, matrix).diagnostics[0]?.message).toContain(words);
  });
});

test('a value near to none is shown with those there are, whole', () => {
  const { diagnostics } = parseWhere('model=zzzzzz', matrix);
  expect(diagnostics).toMatchObject([{ hint: 'there are "vit", "mlp"' }]);
});

test('a value that no trial has is shown with the nearest there is', () => {
  const { diagnostics } = parseWhere('model=vit dataset=cifar', matrix);
  expect(diagnostics).toMatchObject([
    {
      message: 'no trial has the dataset "cifar"',
      hint: 'did you mean "cifar10"?',
      location: { offset: 18, length: 5 },
    },
  ]);
});

test('only= sorts every state into one choice', () => {
  const states = [
    'missing',
    'pending',
    'suspended',
    'running',
    'succeeded',
    'failed',
    'timeout',
    'interrupted',
    'lost',
  ] as const;
  for (const state of states) {
    const choices = onlyChoices.filter((only) => only !== 'changed' && keepsState(only, state, []));
    expect(choices).toHaveLength(1);
  }
  expect(keepsState('changed', 'succeeded', ['command'])).toBe(true);
  expect(keepsState('changed', 'succeeded', [])).toBe(false);
});

describe('what make local does', () => {
  const now = { hash: 'a'.repeat(64), parts: { command: '1' } };
  const then = { hash: 'b'.repeat(64), parts: { command: '2' } };
  test.each([
    [undefined, 'create', 'create'],
    [{ state: 'running', fingerprint: now }, 'keep', 'keep'],
    [{ state: 'succeeded', fingerprint: now }, 'replace', 'keep'],
    [{ state: 'succeeded', fingerprint: then }, 'replace', 'replace'],
    [{ state: 'succeeded' }, 'replace', 'replace'],
    [{ state: 'failed', fingerprint: now }, 'replace', 'replace'],
    [{ state: 'timeout', fingerprint: now }, 'replace', 'replace'],
    [{ state: 'interrupted', fingerprint: now }, 'replace', 'replace'],
    [{ state: 'lost', fingerprint: now }, 'replace', 'replace'],
  ] as const)('%j', (known, plain, resumed) => {
    expect(decideLocal({ fingerprint: now }, known, false).kind).toBe(plain);
    expect(decideLocal({ fingerprint: now }, known, true).kind).toBe(resumed);
  });
});

test.each([
  ['lr=0.01 model=mlp width=8', 'no trial with lr=0.01 has model=mlp', 'there is "vit"', 8],
  ['width=8 tag=a*', 'no trial with width=8 has tag=a*', 'they have no tag', 8],
  ['model=mlp lr!=0.1', 'no trial with model=mlp has lr!=0.1', 'there is "0.1"', 10],
  [
    'name=alice-example-mlp-mnist-lr-0.1-width-9',
    expect.anything(),
    expect.stringMatching(/^did you mean ".*width-8-ce463"\?$/),
    0,
  ],
  ['name=nothing', 'no trial has name=nothing', expect.stringMatching(/^there are ".*", …$/), 0],
])('of %s, the condition that leaves no trial is named', (where, message, hint, offset) => {
  const { diagnostics } = parseWhere(where, matrix);
  expect(diagnostics).toMatchObject([{ code: 'MATRIX_WHERE_UNKNOWN', message, hint, location: { offset } }]);
});

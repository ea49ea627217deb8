import { describe, expect, test } from 'vitest';
import type { Flags } from '../../src/cli/command.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';

const flags = {
  file: { kind: 'string', summary: 'a path', value: 'PATH' },
  jobs: { kind: 'count', minimum: 1, summary: 'how many at a time' },
  port: { kind: 'count', maximum: 9, summary: 'a port' },
  fail_fast: { kind: 'boolean', summary: 'stop at the first failure' },
  overwrite: { kind: 'choice', choices: ['true', 'changed'], summary: 'replace' },
  only: { kind: 'choice', choices: ['failed', 'missing'], summary: 'keep some' },
  include: { kind: 'list', summary: 'patterns to keep' },
} as const satisfies Flags;

const parse = (...words: string[]) => parseArguments(words, flags);
const codes = (...words: string[]) => parse(...words).diagnostics.map((each) => each.code);

describe('parseArguments', () => {
  test.each([
    [['--file=a b'], { file: 'a b' }],
    [['--file', 'a'], { file: 'a' }],
    [['file=a=b'], { file: 'a=b' }],
    [['file=two\nlines'], { file: 'two\nlines' }],
    [['--fail-fast'], { fail_fast: true }],
    [['fail_fast=no'], { fail_fast: false }],
    [['--overwrite'], { overwrite: 'true' }],
    [['--overwrite', '--jobs=3'], { overwrite: 'true', jobs: 3 }],
    [['only=failed'], { only: 'failed' }],
    [['include=*.py', 'include=*.txt'], { include: ['*.py', '*.txt'] }],
    [['file=a', 'file=b'], { file: 'b' }],
    [['port=9'], { port: 9 }],
  ])('%j', (words, expected) => {
    const { options, diagnostics } = parse(...words);
    expect(diagnostics).toEqual([]);
    expect(options).toMatchObject(expected);
  });

  test('absent flags: booleans are false, lists empty, the rest undefined', () => {
    expect(parse().options).toEqual({
      file: undefined,
      jobs: undefined,
      port: undefined,
      fail_fast: false,
      overwrite: undefined,
      only: undefined,
      include: [],
      json: false,
      verbose: false,
      help: false,
    });
  });

  test('an empty value is an error, never "not given"', () => {
    expect(codes('file=')).toEqual(['CLI_BAD_VALUE']);
  });

  test.each([
    [['data/'], 'CLI_UNEXPECTED_WORD'],
    [['fiel=a'], 'CLI_UNKNOWN_FLAG'],
    [['constructor=1'], 'CLI_UNKNOWN_FLAG'],
    [['jobs=many'], 'CLI_BAD_VALUE'],
    [['jobs=0'], 'CLI_BAD_VALUE'],
    [['port=10'], 'CLI_BAD_VALUE'],
    [['fail_fast=perhaps'], 'CLI_BAD_VALUE'],
    [['only=faled'], 'CLI_BAD_VALUE'],
    [['--file'], 'CLI_MISSING_VALUE'],
    [['--file', '--jobs=1'], 'CLI_MISSING_VALUE'],
  ])('%j is %s', (words, code) => {
    expect(codes(...words)).toEqual([code]);
  });

  test('all problems are told at once, with the nearest name', () => {
    const { diagnostics } = parse('fiel=a', 'only=faled');
    expect(diagnostics.map((each) => each.hint)).toEqual(['did you mean "file"?', 'did you mean "failed"?']);
  });

  test('a flag that is needed', () => {
    const needed = {
      name: { kind: 'string', summary: 'which trial', required: true },
    } as const satisfies Flags;
    expect(parseArguments([], needed).diagnostics.map((each) => each.code)).toEqual(['CLI_MISSING_VALUE']);
    expect(parseArguments(['--help'], needed).diagnostics).toEqual([]);
  });
});

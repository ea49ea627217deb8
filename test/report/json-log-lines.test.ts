import { expect, test } from 'vitest';
import { JsonLogLines, type LogSource } from '../../src/report/json-log-lines.ts';

function parse(source: LogSource, chunks: readonly (string | Buffer)[]) {
  const lines = new JsonLogLines(source);
  const printed = [...chunks.map((chunk) => lines.add(Buffer.from(chunk))), lines.end()];
  return Buffer.concat(printed)
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

test('one object a line, wherever the chunks end', () => {
  const log = 'one\nänd "two"\n\nlast';
  const whole = ['one\n', 'änd "two"\n', '\n', 'last'].map((text) => ({
    type: 'trial-output',
    name: 't',
    text,
  }));
  expect(parse({ name: 't' }, [log])).toEqual(whole);
  expect(
    parse(
      { name: 't' },
      [...Buffer.from(log)].map((byte) => Buffer.from([byte])),
    ),
  ).toEqual(whole);
  expect(parse({ name: 't' }, [])).toEqual([]);
});

test('bytes that are no UTF-8, and lines longer than what is held, arrive as they were', () => {
  expect(parse({ name: 't', pod: 'p' }, [Buffer.from([0xff, 0x0a])])).toEqual([
    { type: 'trial-output', name: 't', pod: 'p', base64: '/wo=' },
  ]);
  const long = `[a] ${'ä'.repeat(100_000)}\n`;
  const bytes = Buffer.from(long);
  const parts = parse({ name: 'pack', packed: ['a'] }, [
    bytes.subarray(0, 70_001),
    bytes.subarray(70_001),
    'x\n',
  ]);
  expect(parts.map(({ name }) => name)).toEqual(['a', 'a', 'pack']);
  expect(parts.map(({ text }) => text).join('')).toBe(`${long.slice(4)}x\n`);
});

test('of trials that share an output, each has its own lines', () => {
  expect(parse({ name: 'pack', packed: ['a', 'b'] }, ['[a] one\n[b] two\n[c] three\nfour\n'])).toMatchObject([
    { name: 'a', text: 'one\n' },
    { name: 'b', text: 'two\n' },
    { name: 'pack', text: '[c] three\n' },
    { name: 'pack', text: 'four\n' },
  ]);
});

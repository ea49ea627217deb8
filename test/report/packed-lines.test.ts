import { expect, it } from 'vitest';
import { PackedLines } from '../../src/report/packed-lines.ts';

const long = `[a] ${'x'.repeat(200)}`;
const output = `[a] one\n[b] two\n\n[c] three\nno trial\n${long}\n[${'a'.repeat(63)}] name\n[a] end`;

/** What comes out of the output when it arrives in pieces of `size`. */
function keep(names: readonly string[], size: number): string {
  const lines = new PackedLines(names);
  const kept: Buffer[] = [];
  const bytes = Buffer.from(output);
  for (let start = 0; start < bytes.length; start += size)
    kept.push(lines.add(bytes.subarray(start, start + size)));
  return Buffer.concat([...kept, lines.end()]).toString();
}

it.each([1, 2, 3, 7, 66, 67, 1000])('keeps the lines of the trials asked for, in pieces of %i', (size) => {
  expect(keep(['a'], size)).toBe(`one\n${'x'.repeat(200)}\nend`);
  expect(keep(['b', 'c'], size)).toBe('[b] two\n[c] three\n');
  expect(keep(['a'.repeat(63)], size)).toBe('name\n');
});

it('holds nothing of a long line but its beginning', () => {
  const lines = new PackedLines(['a']);
  expect(lines.add(Buffer.from(`[a] ${'x'.repeat(100)}`))).toHaveLength(100);
  expect(lines.add(Buffer.from('y'))).toHaveLength(1);
});

it('leaves what is meant for the toolbox out of all lines', () => {
  const text = 'kube-toolbox: ready\n[a] one\n[kube-toolbox/pack] [0,null]\n[b] two';
  for (const size of [1, 7, 200]) {
    const lines = new PackedLines(undefined);
    let kept = '';
    for (let at = 0; at < text.length; at += size) kept += lines.add(Buffer.from(text.slice(at, at + size)));
    expect(kept + lines.end()).toBe('kube-toolbox: ready\n[a] one\n[b] two');
  }
});

import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RecordFile } from '../../src/stores/record-file.ts';

function start() {
  const folder = mkdtempSync(join(tmpdir(), 'ktb-records-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'sub', 'records.json');
  return { path, file: new RecordFile<[string, number, string?]>(path, 1) };
}

it('keeps the last record of each key, however strange it is', () => {
  const { file, path } = start();
  expect([file.state, [...file.read().keys()]]).toEqual(['absent', []]);
  file.write([
    ['a', 1],
    ['line\nbreak, "quoted"', 2, 'b\n'],
  ]);
  const { size } = statSync(path);
  file.add([
    ['a', 3, 'c'],
    ['b', 4],
  ]);
  expect(statSync(path).size).toBeLessThan(size + 40);
  expect(file.state).toBe('good');
  expect([...file.read().values()]).toEqual([
    ['a', 3, 'c'],
    ['line\nbreak, "quoted"', 2, 'b\n'],
    ['b', 4],
  ]);
});

it.each(['\n,["b",', '\n,["b"', '\n', '\n\0\0', '\n,7\n,{"a":1}\n,[[1],2]'])(
  'passes over what is broken: %j',
  (broken) => {
    const { file, path } = start();
    file.write([['a', 1]]);
    appendFileSync(path, broken);
    file.add([['c', 3]]);
    expect([...file.read().values()]).toEqual([
      ['a', 1],
      ['c', 3],
    ]);
  },
);

it('takes no file of another version', () => {
  const { path, file } = start();
  new RecordFile<[string, number]>(path, 2).write([['a', 1]]);
  expect([file.state, file.read().size]).toEqual(['absent', 0]);
  writeFileSync(path, '{"version":1,"entries":{"a":[1]}}');
  expect([file.state, file.read().size]).toEqual(['absent', 0]);
});

it('asks to be written anew when it has grown to more than twice its size', () => {
  const { path, file } = start();
  file.write([['a', 1, 'x'.repeat(1 << 20)]]);
  file.add([['a', 2, 'x'.repeat(2 << 20)]]);
  expect(file.state).toBe('good');
  file.add([['a', 3, 'x'.repeat(2 << 20)]]);
  expect(file.state).toBe('outgrown');
  file.write([['a', 4]]);
  expect(file.state).toBe('good');
  expect(readFileSync(path, 'utf8').length).toBeLessThan(100);
});

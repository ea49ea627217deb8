import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { expect, it, onTestFinished } from 'vitest';
import { ourselves } from '../../src/stores/owner.ts';
import { takeLock } from '../../src/stores/process-lock.ts';

function startFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'ktb-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { folder, path: join(folder, 'x.lock') };
}

const dead = JSON.stringify({ ...ourselves, pid: 2 ** 22 + 1 });
const elsewhere = JSON.stringify({ ...ourselves, space: 'pid:[1]', pid: 2 ** 22 + 1 });

it('is held by one, and given back', () => {
  const { folder, path } = startFolder();
  const first = takeLock(path, { folder: 'out/' });
  if ('holder' in first) throw new Error('not free');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, folder: 'out/' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(takeLock(path)).toEqual({ holder: `process ${process.pid} on ${hostname()}` });
  first.release();
  expect(readdirSync(folder)).toEqual([]);
});

it.each([
  ['a process that is gone', dead, 0, true],
  ['a process that cannot be asked', elsewhere, 0, false],
  ['a process that cannot be asked and has not been heard of for an hour', elsewhere, 3600, true],
  ['nobody knows whom', '', 0, false],
  ['nobody knows whom, for an hour', '', 3600, true],
])('of %s', (_, text, age, free) => {
  const { path } = startFolder();
  writeFileSync(path, text);
  utimesSync(path, Date.now() / 1000 - age, Date.now() / 1000 - age);
  expect('release' in takeLock(path)).toBe(free);
});

it('gives back only what is its own', () => {
  const { path } = startFolder();
  const lock = takeLock(path);
  writeFileSync(path, elsewhere);
  if ('release' in lock) lock.release();
  expect(readFileSync(path, 'utf8')).toBe(elsewhere);
});

it('goes to one of many that find it dead at once', async () => {
  const { folder, path } = startFolder();
  writeFileSync(path, dead);
  const module = new URL('../../src/stores/process-lock.ts', import.meta.url).href;
  const text = `import { takeLock } from ${JSON.stringify(module)};
    console.log('ready');
    process.stdin.once('data', () => console.log('release' in takeLock(${JSON.stringify(path)}) ? 'got' : 'held'));`;
  const children = Array.from({ length: 6 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', text]);
    onTestFinished(() => void child.kill());
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  const next = () => Promise.all(children.map(async ({ lines }) => (await lines.next()).value));
  await next();
  for (const { child } of children) child.stdin.write('go\n');
  const answers = await next();
  expect(answers.sort()).toEqual(['got', ...Array(5).fill('held')]);
  expect(readdirSync(folder)).toEqual(['x.lock']);
});

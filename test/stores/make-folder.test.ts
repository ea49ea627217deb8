import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeFolder } from '../../src/stores/make-folder.ts';

const source = new URL('../../src/stores/make-folder.ts', import.meta.url).href;

function makeRoot(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ktb-make-')));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

it('makes all that is missing, and takes what is there', () => {
  const root = makeRoot();
  for (let time = 0; time < 2; time++) makeFolder(join(root, 'a/b/c'));
  expect(statSync(join(root, 'a/b/c')).isDirectory()).toBe(true);
  mkdirSync(join(root, 'real'));
  symlinkSync('real', join(root, 'link'));
  makeFolder(join(root, 'link/below'));
  expect(statSync(join(root, 'real/below')).isDirectory()).toBe(true);
  makeFolder('/');
});

it('says what is in the way', () => {
  const root = makeRoot();
  writeFileSync(join(root, 'file'), '');
  expect(() => makeFolder(join(root, 'file'))).toThrow('EEXIST');
  expect(() => makeFolder(join(root, 'file/below'))).toThrow('ENOTDIR');
  symlinkSync('nowhere', join(root, 'broken'));
  expect(() => makeFolder(join(root, 'broken'))).toThrow('EEXIST');
  expect(() => makeFolder(join(root, 'broken/below'))).toThrow(/EEXIST|ENOENT/);
});

// In a process of its own, which can be ended where it goes on for ever.
it.skipIf(process.platform !== 'linux')('ends where no folder can be made at all', () => {
  const program = `import { makeFolder } from ${JSON.stringify(source)}; makeFolder('/proc/nope/below');`;
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 20_000,
    encoding: 'utf8',
  });
  expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining('ENOENT')]);
});

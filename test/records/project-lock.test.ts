import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts';
import { acquireProjectLock } from '../../src/records/project-lock.ts';

function folder(): string {
  const root = mkdtempSync(join(tmpdir(), 'lock-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

const dead = {
  process: { pid: 2 ** 22 + 1, startTime: 'never/1' },
  host: hostname(),
  since: 'then',
  command: 'ktb local',
};

it('is held by one, given back, and taken again', () => {
  const root = folder();
  const details = { command: 'ktb local', now: 0 };
  {
    using lock = acquireProjectLock(root, details);
    expect(lock.takenOverFrom).toBeUndefined();
    expect(() => acquireProjectLock(root, details)).toThrow(DiagnosticError);
  }
  using again = acquireProjectLock(root, details);
  expect(again.takenOverFrom).toBeUndefined();
  expect(readdirSync(join(root, '.toolbox/lock'))).toEqual(['2']);
});

it('does not take a lock from another host, or one that cannot be read', () => {
  const root = folder();
  mkdirSync(join(root, '.toolbox/lock'), { recursive: true });
  const file = join(root, '.toolbox/lock/1');
  writeFileSync(file, JSON.stringify({ ...dead, host: 'elsewhere' }));
  expect(() => acquireProjectLock(root, { command: '', now: 0 })).toThrow(/on elsewhere since then/);
  writeFileSync(file, '{');
  expect(() => acquireProjectLock(root, { command: '', now: 0 })).toThrow(/cannot be read/);
});

it('is taken over from a dead holder by exactly one of many that try at once', async () => {
  for (let round = 0; round < 3; round++) {
    const root = folder();
    mkdirSync(join(root, '.toolbox/lock'), { recursive: true });
    writeFileSync(join(root, '.toolbox/lock/1'), JSON.stringify(dead));
    const children = Array.from({ length: 6 }, () => fork(resolve('test/records/lock-contender.ts'), [root]));
    await Promise.all(children.map((child) => new Promise((done) => child.once('message', done))));
    const answers = children.map((child) => new Promise((done) => child.once('message', done)));
    for (const child of children) child.send('go');
    expect((await Promise.all(answers)).sort()).toEqual([
      'refused',
      'refused',
      'refused',
      'refused',
      'refused',
      'taken over',
    ]);
    const ended = children.map((child) => new Promise((done) => child.once('exit', done)));
    for (const child of children) child.send('end');
    await Promise.all(ended);
    expect(readdirSync(join(root, '.toolbox/lock'))).toEqual(['2']);
  }
});

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { acquireProjectLock, type ProjectLock } from '../../src/records/project-lock.ts';
import { DiskRecordStore } from '../../src/records/record-store.ts';
import type { RunRecord } from '../../src/records/run-record.ts';

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'records-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

function store(root: string, lock?: ProjectLock): DiskRecordStore {
  const warn = ({ message }: { readonly message: string }): never => {
    throw new Error(message);
  };
  return new DiskRecordStore(root, warn, lock);
}

function lockOf(root: string): ProjectLock {
  return acquireProjectLock(root, { command: 'test', now: Date.now() });
}

function record(name: string, change: Partial<RunRecord> = {}): RunRecord {
  return {
    version: 1,
    name,
    model: 'm',
    dataset: '',
    hparam: { lr: '1e-5' },
    fingerprint: { hash: 'f'.repeat(64), parts: {} },
    command: 'true',
    executor: 'local',
    state: 'succeeded',
    attempt: 1,
    host: 'h',
    startedAt: '2026-01-01T00:00:00.000Z',
    log: `.toolbox/runs/${name}/attempt-1.log`,
    ...change,
  };
}

it('knows of which workloads it has records without reading those', async () => {
  const root = makeRoot();
  store(root).writeUnsynced(record('a', { uid: 'one' }));
  await store(root).write(record('b', { uid: 'two' }));
  // Not one of these files is opened.
  truncateSync(join(root, '.toolbox/runs/a/record.json'));
  const after = store(root);
  expect([after.hasRecorded('a', 'one'), after.hasRecorded('b', 'two')]).toEqual([true, true]);
  expect([after.hasRecorded('a', 'three'), after.hasRecorded('c', 'one')]).toEqual([false, false]);
  // Who removes a record wants it forgotten.
  rmSync(join(root, '.toolbox/runs/a'), { recursive: true });
  expect(store(root).hasRecorded('a', 'one')).toBe(false);
});

it('writes and reads back, many at once, and leaves no temporary file', async () => {
  const root = makeRoot();
  using lock = lockOf(root);
  const records = Array.from({ length: 300 }, (_, index) => record(`t-${index}`));
  const writer = store(root, lock);
  await Promise.all(records.map((each) => writer.write(each)));
  await writer.close();
  expect([...(await store(root).readAll()).values()].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
    records.sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  expect(readdirSync(join(root, '.toolbox/runs/t-7'))).toEqual(['record.json']);
});

it('lets several processes write beside the one that keeps the journal', async () => {
  const root = makeRoot();
  using lock = lockOf(root);
  const local = store(root, lock);
  await local.write(record('local-0'));
  const journal = join(root, '.toolbox/runs/journal.jsonl');
  const begun = statSync(journal).ino;
  const names = ['a', 'b'].map((process) => Array.from({ length: 50 }, (_, index) => `${process}-${index}`));
  const writers = names.map((own) =>
    execa(process.execPath, [join(import.meta.dirname, 'record-writer.ts'), root], {
      // Both write the same trial, too, as two launches of one sweep do.
      input: JSON.stringify([...own, 'shared'].map((name) => record(name, { executor: 'kubernetes' }))),
    }),
  );
  await local.write(record('local-1'));
  await Promise.all(writers);
  await local.close();
  expect(statSync(journal).ino).toBe(begun);
  const lines = readFileSync(journal, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  expect(lines.slice(1).map((line) => JSON.parse(line).name)).toEqual(['local-0', 'local-1']);
  expect([...(await store(root).readAll()).keys()].sort()).toEqual(
    [...names.flat(), 'shared', 'local-0', 'local-1'].sort(),
  );
});

it('refuses names that would leave the folder', async () => {
  const records = store(makeRoot());
  for (const name of ['..', '../x', 'a/b', 'A', '', '-a', 'a'.repeat(64)]) {
    await expect(records.read(name)).rejects.toThrow('not the name of a trial');
    await expect(records.write(record(name))).rejects.toThrow();
  }
});

it('after a restart, believes the journal where the power failed before a record file was on the disk', async () => {
  const root = makeRoot();
  using lock = lockOf(root);
  const writer = store(root, lock);
  for (const name of ['lost', 'torn', 'older', 'same']) {
    writer.writeUnsynced(record(name, { state: 'running' }));
    await writer.write(record(name));
  }
  await writer.close();
  const path = (name: string) => join(root, `.toolbox/runs/${name}/record.json`);
  // What a disk may look like then: a file that is not there, an empty one, and one as it was before.
  rmSync(path('lost'));
  truncateSync(path('torn'));
  writeFileSync(path('older'), JSON.stringify(record('older', { state: 'running' })));
  const journal = join(root, '.toolbox/runs/journal.jsonl');
  const lines = readFileSync(journal, 'utf8').split('\n');
  writeFileSync(
    journal,
    `${['{"boot":"another"}', ...lines.slice(1)].join('\n')}{"version":1,"name":"torn line`,
  );

  for (const name of ['lost', 'torn', 'older', 'same'])
    expect((await store(root).read(name))?.state).toBe('succeeded');
  // The next sweep puts the files right and begins a journal of its own.
  const next = store(root, lock);
  await next.write(record('new', { attempt: 2 }));
  await next.close();
  expect(readFileSync(journal, 'utf8')).not.toContain('"older"');
  for (const name of ['lost', 'torn', 'older', 'same']) {
    expect(JSON.parse(readFileSync(path(name), 'utf8')).state).toBe('succeeded');
  }
});

it('in the same boot, believes the record files: a journal is no history', async () => {
  const root = makeRoot();
  using lock = lockOf(root);
  const writer = store(root, lock);
  await writer.write(record('removed'));
  await writer.close();
  rmSync(join(root, '.toolbox/runs/removed'), { recursive: true });
  expect(await store(root).read('removed')).toBeUndefined();
});

it('believes what was noted of a trial that began and has no record file, while its folder is there', async () => {
  const root = makeRoot();
  const killed = store(root);
  for (const name of ['noted', 'removed', 'ended']) {
    mkdirSync(join(root, `.toolbox/runs/${name}`), { recursive: true });
    killed.noteStarted(record(name, { state: 'running', attempt: 2, process: { pid: 1, startTime: 'x' } }));
  }
  killed.writeUnsynced(record('ended', { attempt: 2 }));
  rmSync(join(root, '.toolbox/runs/removed'), { recursive: true });

  const states = async () =>
    Object.fromEntries([...(await store(root).readAll())].map(([name, { state }]) => [name, state]));
  expect(await states()).toEqual({ noted: 'running', ended: 'succeeded' });
  // What was about to begin may have no folder yet, and may have run all the same.
  killed.noteStarted(record('about-to', { state: 'running' }));
  expect(await states()).toEqual({ noted: 'running', ended: 'succeeded', 'about-to': 'running' });
  killed.forgetStarted();
  killed.noteStarted(record('noted', { state: 'running', attempt: 2 }));
  // The next sweep puts them on record before it begins a list of its own.
  const next = store(root);
  next.noteStarted(record('new', { state: 'running' }));
  next.forgetStarted();
  await next.close();
  expect(await states()).toEqual({ noted: 'running', ended: 'succeeded' });
});

it('tells a full or broken disk in words', async () => {
  const root = makeRoot();
  mkdirSync(join(root, '.toolbox/runs/t/record.json/x'), { recursive: true });
  await expect(store(root).write(record('t'))).rejects.toThrow(
    'cannot write .toolbox/runs/t/record.json: a folder stands where a file is needed',
  );
});

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DiskRecordStore } from '../../src/records/record-store.ts';
import type { RunRecord } from '../../src/records/run-record.ts';

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'records-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

function store(root: string): DiskRecordStore {
  return new DiskRecordStore(root, ({ message }) => {
    throw new Error(message);
  });
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

it('writes and reads back, many at once, and leaves no temporary file', async () => {
  const root = makeRoot();
  const records = Array.from({ length: 300 }, (_, index) => record(`t-${index}`));
  const writer = store(root);
  await Promise.all(records.map((each) => writer.write(each)));
  await writer.close();
  expect([...(await store(root).readAll()).values()].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
    records.sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  expect(readdirSync(join(root, '.toolbox/runs/t-7'))).toEqual(['record.json']);
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
  const writer = store(root);
  for (const name of ['lost', 'torn', 'older', 'same']) {
    writer.writeStarted(record(name, { state: 'running' }));
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
  const next = store(root);
  await next.write(record('new', { attempt: 2 }));
  await next.close();
  expect(readFileSync(journal, 'utf8')).not.toContain('"older"');
  for (const name of ['lost', 'torn', 'older', 'same']) {
    expect(JSON.parse(readFileSync(path(name), 'utf8')).state).toBe('succeeded');
  }
});

it('in the same boot, believes the record files: a journal is no history', async () => {
  const root = makeRoot();
  const writer = store(root);
  await writer.write(record('removed'));
  await writer.close();
  rmSync(join(root, '.toolbox/runs/removed'), { recursive: true });
  expect(await store(root).read('removed')).toBeUndefined();
});

it('tells a full or broken disk in words', async () => {
  const root = makeRoot();
  mkdirSync(join(root, '.toolbox/runs/t/record.json/x'), { recursive: true });
  await expect(store(root).write(record('t'))).rejects.toThrow(
    'cannot write .toolbox/runs/t/record.json: a folder stands where a file is needed',
  );
});

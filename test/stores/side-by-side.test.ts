import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findObjects } from '../../src/stores/find-objects.ts';
import { listLevel } from '../../src/stores/list-level.ts';
import { ourselves } from '../../src/stores/owner.ts';
import { parseSelection } from '../../src/stores/selection.ts';
import { UploadJournal } from '../../src/stores/upload-journal.ts';
import { fiveMebi, move, never, putParts, startBucket } from './fake-bucket.ts';

const content = randomBytes(fiveMebi * 2 + 1234);

const filesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name !== '.toolbox')
    .sort();

it.each([
  ['a large file', content],
  ['a small file', Buffer.from('small')],
])('two downloads of %s at once both have it', async (_, bytes) => {
  const bucket = await startBucket();
  if (bytes === content) putParts(bucket.server.bucket, 'file', bytes, { digest: true });
  else bucket.server.bucket.put('file', bytes);
  const both = await Promise.all([1, 2].map(async () => await move('download', bucket, 'file')));
  expect(both.map(({ summary }) => [summary.moved, summary.failed])).toEqual([
    [1, 0],
    [1, 0],
  ]);
  expect(readFileSync(bucket.path('file')).equals(bytes)).toBe(true);
  expect(filesIn(bucket.root)).toEqual(['file']);
});

it('a download that another machine is at is left to it', async () => {
  const bucket = await startBucket();
  putParts(bucket.server.bucket, 'file', content, { digest: true });
  const interruption = new AbortController();
  bucket.server.fail({ meanwhile: () => interruption.abort(new Error('interrupted')) }, ({ headers }) => {
    return headers.range?.startsWith(`bytes=${fiveMebi}-`) === true;
  });
  await expect(move('download', bucket, 'file', { signal: interruption.signal })).rejects.toThrow();
  const left = filesIn(bucket.root);
  const ranges = left.find((name) => name.endsWith('.ranges')) ?? '';
  const text = readFileSync(bucket.path(ranges), 'utf8');
  const theirs = text.replace(/"host":"[^"]*"/, '"host":"another"');
  writeFileSync(bucket.path(ranges), theirs);
  expect((await move('download', bucket, 'file')).summary).toMatchObject({ moved: 1 });
  expect(readFileSync(bucket.path(ranges), 'utf8')).toBe(theirs);
  expect(readFileSync(bucket.path('file')).equals(content)).toBe(true);
  expect(filesIn(bucket.root)).toEqual([...left, 'file'].sort());
});

it.each([
  ['GET', 1],
  ['GET', 11 << 20],
  ['HEAD', 11 << 20],
])('nothing is written through a link that a folder became during a %s of %i bytes', async (when, size) => {
  const bucket = await startBucket();
  bucket.server.bucket.put('data/a', Buffer.alloc(size));
  const outside = join(bucket.root, '..', 'outside');
  mkdirSync(outside);
  const swap = () => {
    renameSync(bucket.path('data'), bucket.path('away'));
    symlinkSync(outside, bucket.path('data'));
  };
  bucket.server.fail({ meanwhile: swap }, ({ key, method }) => method === when && key === 'data/a');
  const { summary, messages } = await move('download', bucket, 'data/');
  expect(summary).toMatchObject({ moved: 0, failed: 1 });
  expect(messages[0]).toMatch(/became a link/);
  expect(readdirSync(outside)).toEqual([]);
});

it('a clock that is corrected while many requests are under way spoils none of them', async () => {
  const bucket = await startBucket();
  const names = Array.from({ length: 50 }, (_, index) => `data/${index}`);
  for (const name of names) bucket.write(name, name);
  bucket.server.fail(
    {
      meanwhile: () => {
        bucket.server.skew = 3_600_000;
      },
    },
    ({ method }) => method === 'PUT',
  );
  expect((await move('upload', bucket, 'data/')).summary).toMatchObject({ moved: 50, failed: 0 });
});

it('an upload in parts that began although its answer was lost is ended', async () => {
  const bucket = await startBucket();
  bucket.write('file', content);
  bucket.server.bucket.startUpload('file', {}, 'somebody else');
  bucket.server.fail({ reset: 'after' }, ({ method, query }) => method === 'POST' && query.has('uploads'));
  expect((await move('upload', bucket, 'file')).summary).toMatchObject({ moved: 1 });
  const left = [...bucket.server.bucket.uploads.values()].map(({ initiator }) => initiator);
  expect(left).toEqual(['somebody else']);
});

it.each([
  ['that the server is too busy to begin', { reply: { status: 503, code: 'SlowDown' } }, 'fake-user', false],
  ['whose answer was lost, where nobody is named', { reset: 'after' }, '', false],
  ['whose answer was lost, where all are one', { reset: 'after' }, 'fake-user', true],
] as const)("an upload in parts %s ends nobody else's", async (_, fault, initiator, part) => {
  const bucket = await startBucket();
  bucket.write('file', content);
  bucket.server.bucket.initiator = initiator;
  const other = bucket.server.bucket.startUpload('file', {});
  if (part) bucket.server.bucket.putPart(other, 'file', 1, Buffer.from('x'));
  bucket.server.fail(fault, ({ method, query }) => method === 'POST' && query.has('uploads'));
  expect((await move('upload', bucket, 'file')).summary).toMatchObject({ moved: 1 });
  expect([...bucket.server.bucket.uploads.keys()]).toContain(other);
});

it('an upload that was begun long ago and still goes on is left alone, an idle one is not', async () => {
  const bucket = await startBucket();
  bucket.write('file', content);
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  for (const name of ['idle', 'alive'] as const) {
    const id = bucket.server.bucket.startUpload('file', { name });
    for (const number of [1, 2, 3]) bucket.server.bucket.putPart(id, 'file', number, Buffer.from(name));
    const upload = bucket.server.bucket.upload(id, 'file');
    upload.initiated = yesterday;
    for (const [number, part] of upload.parts)
      if (name === 'idle' || number < 3) upload.parts.set(number, { ...part, modified: yesterday });
  }
  expect((await move('upload', bucket, 'file')).summary).toMatchObject({ moved: 1 });
  const left = [...bucket.server.bucket.uploads.values()].map(({ headers }) => headers['name']);
  expect(left).toEqual(['alive']);
});

it('what a process in another container of the pod has under way is left alone, and cleared away when it is old', async () => {
  const bucket = await startBucket();
  const id = bucket.server.bucket.startUpload('other', {});
  const other = { ...ourselves, space: 'pid:[1]', pid: 999_999_999 };
  const journal = new UploadJournal(bucket.root, bucket.store);
  journal.begin({ key: 'other', id });
  const [name = ''] = readdirSync(bucket.path('.toolbox/s3/uploads'));
  const path = bucket.path(`.toolbox/s3/uploads/${name}`);
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...other }));
  bucket.write('a', 'a');
  await move('upload', bucket, 'a');
  expect([...bucket.server.bucket.uploads.keys()]).toEqual([id]);
  utimesSync(path, 1, 1);
  await move('upload', bucket, 'a');
  expect([bucket.server.bucket.uploads.size, readdirSync(bucket.path('.toolbox/s3/uploads'))]).toEqual([
    0,
    [],
  ]);
});

it('a log that grows all the time is uploaded as it was when that began', async () => {
  const bucket = await startBucket();
  bucket.write('log', content);
  const grow = () => appendFileSync(bucket.path('log'), 'one more line\n');
  bucket.server.fail({ meanwhile: grow }, ({ query, body }) => query.has('partNumber') && body.length > 1, 3);
  expect((await move('upload', bucket, 'log')).summary).toMatchObject({ moved: 1, failed: 0 });
  expect(bucket.server.bucket.objects.get('log')?.body.equals(content)).toBe(true);
  expect(bucket.server.count('PUT', ({ body }) => body.length > 1)).toBe(3);
  expect((await move('upload', bucket, 'log')).summary).toMatchObject({ different: 1 });
});

it('what the system refuses for one file fails that file alone', async () => {
  const bucket = await startBucket();
  bucket.server.bucket.put('data/a', 'a');
  bucket.server.bucket.put('data/b', 'b');
  const close = () => {
    renameSync(bucket.path('data'), bucket.path('away'));
    bucket.write('data', 'a file');
  };
  bucket.server.fail({ meanwhile: close }, ({ key, method }) => method === 'GET' && key === 'data/a');
  const { summary, messages } = await move('download', bucket, 'data/');
  expect(summary).toMatchObject({ failed: 2, moved: 0 });
  expect(messages.join()).toMatch(/^data\/[ab]: /);
});

it('a folder to download to that is a file is told as what it is', async () => {
  const bucket = await startBucket();
  bucket.server.bucket.put('a', 'a');
  bucket.write('file', 'x');
  const moved = move('download', bucket, 'a', { root: bucket.path('file') });
  await expect(moved).rejects.toMatchObject({ exitCode: 1, message: expect.stringContaining('file') });
});

it('one object is found without the right to read, by a listing', async () => {
  const bucket = await startBucket();
  bucket.server.bucket.put('data', 'a');
  bucket.server.bucket.put('data/b', 'b');
  bucket.server.fail({ reply: { status: 403, code: 'AccessDenied' } }, ({ method }) => method === 'HEAD');
  const selection = parseSelection('data', bucket.root);
  if (!selection.ok) throw new Error('no selection');
  const found = await findObjects(bucket.store, selection.value, never);
  expect(found.map(({ key }) => key)).toEqual(['data', 'data/b']);
});

it('an empty path means nothing, and never everything', async () => {
  const bucket = await startBucket();
  bucket.server.bucket.put('a', 'a');
  await expect(move('download', bucket, '')).rejects.toMatchObject({ exitCode: 2 });
});

it('one level of a listing shows what matches a pattern', async () => {
  const bucket = await startBucket();
  for (const key of ['data/a.csv', 'data/b.txt', 'data/t5/x', 'data/u/y']) bucket.server.bucket.put(key, key);
  const level = async (file: string) => {
    const { folders, objects } = await listLevel(bucket.store, file, { root: bucket.root, signal: never });
    return [...folders, ...objects.map(({ key }) => key)];
  };
  expect(await level('data/*.csv')).toEqual(['data/a.csv']);
  expect(await level('data/t*')).toEqual(['data/t5/']);
  expect(await level('data')).toEqual(['data/t5/', 'data/u/', 'data/a.csv', 'data/b.txt']);
});

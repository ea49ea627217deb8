import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fiveMebi, move, putParts, startBucket } from './fake-bucket.ts';

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

it('nothing is written through a link that a folder became meanwhile', async () => {
  const bucket = await startBucket();
  bucket.server.bucket.put('data/a', 'a');
  const outside = join(bucket.root, '..', 'outside');
  mkdirSync(outside);
  const swap = () => {
    renameSync(bucket.path('data'), bucket.path('away'));
    symlinkSync(outside, bucket.path('data'));
  };
  bucket.server.fail({ meanwhile: swap }, ({ key, method }) => method === 'GET' && key === 'data/a');
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

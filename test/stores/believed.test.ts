import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ourselves } from '../../src/stores/owner.ts';
import { fiveMebi, move, never, putParts, startBucket } from './fake-bucket.ts';

const dead = 999_999_999;
const content = randomBytes(fiveMebi * 2 + 1234);
const isRange = ({ headers }: { headers: { range?: string | undefined } }) => headers.range !== undefined;
const isPart = ({ query }: { query: URLSearchParams }) => query.has('partNumber');

describe('a byte that was turned on the way', () => {
  it.each([
    ['of parts whose size the server tells', true],
    ['of parts whose size has to be guessed', false],
  ])('is noticed in an object of another tool, %s', async (_, told) => {
    const bucket = await startBucket();
    const stored = putParts(bucket.server.bucket, 'big', content, { digest: false });
    if (!told) bucket.server.bucket.store('big', { ...stored, parts: undefined });
    bucket.server.fail({ flip: 100 }, isRange);
    expect((await move('download', bucket, 'big')).summary).toMatchObject({ moved: 1, failed: 0 });
    expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
  });

  it('is noticed where nothing can be guessed either: two copies must be one', async () => {
    const bucket = await startBucket();
    const stored = putParts(bucket.server.bucket, 'big', content, { digest: false });
    bucket.server.bucket.store('big', { ...stored, etag: `${'0'.repeat(32)}-3` });
    bucket.server.bucket.put('small', 'the content');
    const small = bucket.server.bucket.objects.get('small');
    if (small === undefined) throw new Error('not stored');
    bucket.server.bucket.store('small', { ...small, etag: 'opaque' });
    bucket.server.fail({ flip: 100 }, (seen) => isRange(seen) && seen.key === 'big');
    bucket.server.fail({ flip: 3 }, (seen) => isRange(seen) && seen.key === 'small');
    expect((await move('download', bucket, '*')).summary).toMatchObject({ moved: 2, failed: 0 });
    expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
    expect(readFileSync(bucket.path('small'), 'utf8')).toBe('the content');
  });

  it('is noticed on the way up, though the server says nothing, and the file sent again', async () => {
    const bucket = await startBucket();
    bucket.write('a', 'content');
    bucket.server.fail({ damage: 2 }, ({ method }) => method === 'PUT');
    expect((await move('upload', bucket, 'a')).summary).toMatchObject({ moved: 1, failed: 0 });
    expect(bucket.server.bucket.objects.get('a')?.body.toString()).toBe('content');
  });

  it('again and again on the way up is an error', async () => {
    const bucket = await startBucket();
    bucket.write('a', 'content');
    bucket.server.fail({ damage: 2 }, ({ method }) => method === 'PUT', 99);
    const { summary, messages } = await move('upload', bucket, 'a');
    expect(summary).toMatchObject({ moved: 0, failed: 1 });
    expect(messages).toEqual(['"a" is not stored as it was sent']);
  });

  it.each([
    ['that was not signed', { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined }],
    ['on the way to a server that looks at no signed digest', {}],
  ])('is noticed in a part %s, which is sent again', async (_, change) => {
    const bucket = await startBucket(change);
    Object.assign(bucket.server, { open: true, ignoresDigests: true });
    bucket.write('big', content);
    const number = (wanted: string) => (seen: { query: URLSearchParams; body: Buffer }) =>
      seen.query.get('partNumber') === wanted && seen.body.length > 1;
    bucket.server.fail({ damage: 2 }, number('1'));
    bucket.server.fail({ damage: 100 }, number('3'));
    expect((await move('upload', bucket, 'big')).summary).toMatchObject({ moved: 1, failed: 0 });
    expect(bucket.server.bucket.objects.get('big')?.body.equals(content)).toBe(true);
    const lengths = bucket.server.log.filter(isPart).map(({ body }) => body.length);
    expect(lengths.filter((length) => length > 1).length).toBe(5);
  });

  const isQuestion = ({ body, query }: { body: Buffer; query: URLSearchParams }) =>
    query.has('partNumber') && body.length === 1;

  it('is seen by reading back where ETags only look like MD5, and the file sent again', async () => {
    const bucket = await startBucket();
    bucket.server.ignoresDigests = true;
    bucket.server.bucket.partSalt = 'encrypted';
    bucket.write('big', content);
    bucket.server.fail({ damage: 100 }, ({ query }) => query.get('partNumber') === '2');
    expect((await move('upload', bucket, 'big')).summary).toMatchObject({ moved: 1, failed: 0 });
    expect(bucket.server.bucket.objects.get('big')?.body.equals(content)).toBe(true);
  });

  it('again and again on the way to such a server is an error, and nothing damaged stays', async () => {
    const bucket = await startBucket();
    bucket.server.ignoresDigests = true;
    bucket.server.bucket.partSalt = 'encrypted';
    bucket.write('big', content);
    bucket.server.fail({ damage: 100 }, ({ query }) => query.get('partNumber') === '2', 99);
    const { summary, messages } = await move('upload', bucket, 'big');
    expect(summary).toMatchObject({ moved: 0, failed: 1 });
    expect(messages).toEqual(['"big" is not stored as it was sent']);
    expect(bucket.server.bucket.objects.has('big')).toBe(false);
  });

  it.each([
    ['a server that is busy', { reply: { status: 503, code: 'SlowDown' } }],
    ['a connection that breaks', { reset: 'before' }],
    ['other words for a refusal', { reply: { status: 400, code: 'InvalidRequest' } }],
  ] as const)('is asked for without harm: %s', async (_, failure) => {
    const bucket = await startBucket();
    bucket.server.bucket.partSalt = 'encrypted';
    bucket.write('big', content);
    bucket.server.fail(failure, isQuestion);
    expect((await move('upload', bucket, 'big')).summary).toMatchObject({ moved: 1, failed: 0 });
    expect(bucket.server.bucket.objects.get('big')?.body.equals(content)).toBe(true);
  });

  it('is left to a server that refuses it in words of its own', async () => {
    const bucket = await startBucket();
    bucket.write('big', content);
    const message = 'Unable to validate x-amz-content-sha256';
    bucket.server.fail({ reply: { status: 400, code: 'InvalidRequest', message } }, isQuestion);
    expect((await move('upload', bucket, 'big')).summary).toMatchObject({ moved: 1, failed: 0 });
    expect(bucket.server.count('GET', ({ key }) => key === 'big')).toBe(0);
  });

  it('is left to a server that refuses it: asked once a run, whatever the number of files', async () => {
    const bucket = await startBucket();
    bucket.write('a', content);
    bucket.write('b', content);
    expect((await move('upload', bucket, '*', { overwrite: true })).summary).toMatchObject({ moved: 2 });
    const asked = bucket.server.log.filter(({ body, query }) => query.has('partNumber') && body.length === 1);
    expect(asked.length).toBeLessThanOrEqual(2);
    bucket.write('c', content);
    expect((await move('upload', bucket, 'c')).summary).toMatchObject({ moved: 1 });
    expect(bucket.server.log.filter(({ body }) => body.length === 1).length).toBe(asked.length);
  });

  it.each([
    ['refuses the question in other words', { status: 403, code: 'AccessDenied' }],
    ['is busy when asked', { status: 503, code: 'SlowDown' }],
  ])('is looked for where the server %s', async (_, reply) => {
    const bucket = await startBucket();
    bucket.server.ignoresDigests = true;
    bucket.write('big', content);
    bucket.server.fail({ reply }, (seen) => isPart(seen) && seen.body.length === 1);
    bucket.server.fail({ damage: 2 }, isPart);
    expect((await move('upload', bucket, 'big')).summary).toMatchObject({ moved: 1, failed: 0 });
    expect(bucket.server.bucket.objects.get('big')?.body.equals(content)).toBe(true);
  });
});

it('a file changed behind its time is not uploaded as something else', async () => {
  const bucket = await startBucket({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined });
  bucket.server.open = true;
  bucket.write('big', content);
  const { atime, mtime } = statSync(bucket.path('big'));
  const other = Buffer.from(content).fill(0);
  const change = () => {
    bucket.write('big', other);
    utimesSync(bucket.path('big'), atime, mtime);
  };
  bucket.server.fail({ meanwhile: change }, ({ query }) => query.has('uploads') && query.has('prefix'));
  expect((await move('upload', bucket, 'big')).summary).toMatchObject({ moved: 1, failed: 0 });
  expect(bucket.server.bucket.objects.get('big')?.body.equals(other)).toBe(true);
  expect((await move('upload', bucket, 'big')).summary).toMatchObject({ same: 1 });
});

it('the ETag is believed before what is stored beside an object', async () => {
  const bucket = await startBucket();
  bucket.write('a', 'before');
  await move('upload', bucket, 'a');
  const headers = bucket.server.bucket.objects.get('a')?.headers ?? {};
  bucket.server.bucket.put('a', 'behind', headers);
  expect((await move('upload', bucket, 'a')).summary).toMatchObject({ same: 0, different: 1 });
  await move('download', bucket, 'a', { overwrite: true });
  expect(readFileSync(bucket.path('a'), 'utf8')).toBe('behind');
});

it('what a killed download left is not believed where nothing proves it', async () => {
  const bucket = await startBucket();
  const { etag } = putParts(bucket.server.bucket, 'big', content, { digest: false });
  const name = `.ktb-${createHash('sha256').update('big').digest('hex').slice(0, 16)}`;
  const header = { etag, size: content.length, rangeSize: fiveMebi, ...ourselves, pid: dead };
  bucket.write(`${name}.part`, Buffer.alloc(content.length));
  bucket.write(`${name}.ranges`, `${JSON.stringify(header)}\n0\n1\n2\n`);
  expect((await move('download', bucket, 'big')).summary).toMatchObject({ moved: 1 });
  expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
});

it('a server that takes no notice of If-Match does not mix two versions', async () => {
  const bucket = await startBucket();
  bucket.server.bucket.put('a', 'one');
  const etag = await bucket.store.head('a', never).then((info) => info?.etag);
  bucket.server.bucket.put('a', 'two');
  bucket.server.ignoresConditions = true;
  const read = bucket.store.get('a', { ifMatch: etag ?? '', write: () => {}, signal: never });
  await expect(read).rejects.toMatchObject({ kind: 'changed' });
  expect(bucket.server.count('GET')).toBe(1);
});

describe('an answer about deletions', () => {
  it.each([
    ['an error that names no key', '<Error><Code>InternalError</Code></Error>'],
    ['nothing about the key', ''],
  ])('with %s counts as none, as long as the key is there', async (_, inside) => {
    const bucket = await startBucket();
    bucket.server.bucket.put('a', 'a');
    bucket.server.fail(
      {
        rewrite: () => {
          bucket.server.bucket.put('a', 'a');
          return `<DeleteResult>${inside}</DeleteResult>`;
        },
      },
      ({ query }) => query.has('delete'),
    );
    expect(await bucket.store.delete(['a'], never)).toMatchObject([{ key: 'a' }]);
  });

  it('may be as short as it likes when the key is gone', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('a', 'a');
    bucket.server.fail({ rewrite: () => '<DeleteResult/>' }, ({ query }) => query.has('delete'));
    expect(await bucket.store.delete(['a'], never)).toEqual([]);
  });
});

it.each([
  ['a server that has no such list', { status: 501, code: 'NotImplemented' }],
  ['no right to see them', { status: 403, code: 'AccessDenied' }],
])('an upload in parts needs no list of those under way: %s', async (_, reply) => {
  const bucket = await startBucket();
  bucket.write('big', content);
  const isList = ({ method, query }: { method: string; query: URLSearchParams }) =>
    method === 'GET' && query.has('uploads');
  bucket.server.fail({ reply }, isList, Number.POSITIVE_INFINITY);
  expect((await move('upload', bucket, 'big')).summary).toMatchObject({ moved: 1, failed: 0 });
  expect([bucket.server.log.filter(isList).length, bucket.clock.waited]).toEqual([1, 0]);
});

it('leaves nothing of a large object that is removed while it comes in', async () => {
  const bucket = await startBucket();
  putParts(bucket.server.bucket, 'big', content, { digest: true });
  bucket.server.fail(
    { reply: { status: 404, code: 'NoSuchKey' } },
    (seen) => {
      return isRange(seen) && !seen.headers.range?.startsWith('bytes=0-');
    },
    99,
  );
  expect((await move('download', bucket, 'big')).summary).toMatchObject({ moved: 0, failed: 1 });
  expect(readdirSync(bucket.path('.'))).toEqual([]);
});

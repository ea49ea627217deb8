import { describe, expect, it } from 'vitest';
import { listAll, payloadOf, read } from '../contract/object-store-contract.ts';
import { connect, never, QuickClock, startBucket } from './fake-bucket.ts';

const ever = Number.POSITIVE_INFINITY;

async function put(bucket: Awaited<ReturnType<typeof startBucket>>, key: string, content = 'content') {
  const payload = payloadOf(content);
  return await bucket.store.put(key, payload, { digest: payload.digest, signal: never });
}

describe('requests', () => {
  it('get through when the server asks to slow down for 30 s', async () => {
    const bucket = await startBucket();
    const { server, clock } = bucket;
    const slow = { reply: { status: 503, code: 'SlowDown' } };
    server.fail(slow, () => clock.waited < 30_000, ever);
    await put(bucket, 'a');
    expect(server.bucket.objects.get('a')?.body.toString()).toBe('content');
    expect(clock.waited).toBeGreaterThan(30_000);
    expect(clock.waited).toBeLessThan(60_000);
  });

  it('say now and then that they wait, and with what the server answers', async () => {
    const { server, clock } = await startBucket();
    const said: string[] = [];
    const store = await connect(server.env, clock, (line) => said.push(line));
    server.fail({ reply: { status: 503, code: 'SlowDown' } }, () => clock.waited < 30_000, ever);
    await expect(store.head('a', never)).resolves.toBeUndefined();
    store.close();
    expect(said.length).toBeGreaterThan(0);
    expect(said.length).toBeLessThan(5);
    expect(said[0]).toMatch(/^http:\/\/\S+ says (SlowDown|HTTP 503): trying again, for \d s so far$/);
  });

  it('say in plain words that the server speaks no TLS', async () => {
    const { server } = await startBucket();
    const endpoint = server.env['S3_ENDPOINT_URL']?.replace('http:', 'https:');
    const store = await connect({ ...server.env, S3_ENDPOINT_URL: endpoint }, new QuickClock());
    await expect(store.head('a', never)).rejects.toThrow('does not speak TLS, which https:// asks for');
    store.close();
  });

  it('wait as long as Retry-After says', async () => {
    const bucket = await startBucket();
    bucket.server.fail({
      reply: { status: 503, code: 'ServiceUnavailable', headers: { 'retry-after': '17' } },
    });
    await put(bucket, 'a');
    expect(bucket.clock.waited).toBeGreaterThanOrEqual(17_000);
  });

  it.each([
    ['500', { reply: { status: 500, code: 'InternalError' } }],
    ['429', { reply: { status: 429, code: 'TooManyRequests' } }],
    ['a timeout', { reply: { status: 400, code: 'RequestTimeout' } }],
    ['bytes that arrived damaged', { reply: { status: 400, code: 'XAmzContentSHA256Mismatch' } }],
    ['a reset before', { reset: 'before' }],
    ['a reset after it was carried out', { reset: 'after' }],
  ] as const)('are made again after %s', async (_, fault) => {
    const bucket = await startBucket();
    bucket.server.fail(fault, () => true, 2);
    await put(bucket, 'a');
    expect((await read(bucket.store, 'a')).bytes.toString()).toBe('content');
  });

  it('are given up after two minutes without an answer, and after seconds where none ever came', async () => {
    const bucket = await startBucket();
    await put(bucket, 'a');
    bucket.server.fail({ reset: 'before' }, () => true, ever);
    await expect(bucket.store.head('a', never)).rejects.toMatchObject({ kind: 'unreachable' });
    expect(bucket.clock.waited).toBeGreaterThanOrEqual(120_000);

    const clock = new QuickClock();
    const nobody = await connect({ S3_BUCKET_NAME: 'example', S3_ENDPOINT_URL: 'http://127.0.0.1:1' }, clock);
    await expect(nobody.head('a', never)).rejects.toThrow(
      /cannot reach http:\/\/127\.0\.0\.1:1 .*S3_ENDPOINT_URL from the environment/,
    );
    expect(clock.waited).toBeLessThan(10_000);
  });

  it("are signed by the server's clock when ours is an hour off", async () => {
    for (const skew of [3_600_000, -3_600_000]) {
      const bucket = await startBucket();
      bucket.server.skew = skew;
      await put(bucket, 'a');
      await put(bucket, 'b');
      expect(bucket.server.log.length).toBe(3);
      expect((await bucket.store.head('a', never))?.size).toBe(7);
    }
  });

  it('do not follow redirects to another host', async () => {
    const { server, store } = await startBucket();
    server.fail(
      { reply: { status: 307, code: 'TemporaryRedirect', headers: { location: 'http://other.example/' } } },
      () => true,
      ever,
    );
    await expect(listAll(store, '')).rejects.toThrow(
      /sends us to http:\/\/other\.example\/: S3_ENDPOINT_URL \(from the environment\)/,
    );
    expect(server.log.length).toBe(1);
  });

  it('name the region where the bucket is', async () => {
    const { server, store } = await startBucket();
    server.fail({
      reply: { status: 400, code: 'AuthorizationHeaderMalformed', extra: '<Region>eu-west-1</Region>' },
    });
    await expect(listAll(store, '')).rejects.toMatchObject({
      diagnostics: [{ hint: 'set AWS_REGION=eu-west-1' }],
    });
  });

  it.each([400, 403])('are signed with the time of a server that says %i to ours', async (status) => {
    const { server, store } = await startBucket();
    server.bucket.put('a', 'a');
    const headers = { date: new Date(Date.now() + 3_600_000).toUTCString() };
    server.fail({ reply: { status, code: 'InvalidRequest', headers } });
    expect((await store.head('a', never))?.size).toBe(1);
  });

  it('take objects whose date is none', async () => {
    const { server, store } = await startBucket();
    server.bucket.store('a', { ...server.bucket.put('a', 'a'), modified: new Date(Number.NaN) });
    expect(await store.head('a', never)).toMatchObject({ size: 1, modified: '' });
  });

  it('carry the session token, signed', async () => {
    const bucket = await startBucket({ AWS_SESSION_TOKEN: 'a token/=' });
    await put(bucket, 'a');
    expect(bucket.server.log[0]?.headers['x-amz-security-token']).toBe('a token/=');
  });

  it('are unsigned without credentials', async () => {
    const bucket = await startBucket({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined });
    await expect(put(bucket, 'a')).rejects.toThrow(/does not let unsigned requests write "a"/);
    bucket.server.open = true;
    await put(bucket, 'a');
    expect((await read(bucket.store, 'a')).bytes.toString()).toBe('content');
    expect(bucket.server.log.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it.each([
    [{ AWS_ACCESS_KEY_ID: 'WRONGKEY' }, /does not know AWS_ACCESS_KEY_ID \(from the environment\)/],
    [
      { AWS_SECRET_ACCESS_KEY: 'WRONGSECRET' },
      /signatures made with AWS_SECRET_ACCESS_KEY \(from the environment\)/,
    ],
    [
      { S3_BUCKET_NAME: 'nowhere' },
      /there is no bucket "nowhere" at http:\/\/127[^:]*:\d+: S3_BUCKET_NAME \(from the environment\)/,
    ],
  ])('with wrong settings name the setting: %j', async (change, message) => {
    const { store } = await startBucket(change);
    const failure = await listAll(store, '').catch((error: unknown) => error);
    expect(failure).toMatchObject({ exitCode: 3, kind: 'settings' });
    expect(String(failure)).toMatch(message);
    expect(String(failure)).not.toMatch(/WRONG|fake\/secret/);
  });
});

describe('a body', () => {
  const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

  it.each([
    ['with its length announced', true, 2],
    // Once more for the real client, see `direct-socket.ts`.
    ['without any length', false, 3],
  ])('that breaks off %s is fetched on from there', async (_, announced, times) => {
    const { server, store } = await startBucket();
    server.bucket.put('a', content);
    server.fail({ cut: 100_000, announced }, ({ method }) => method === 'GET', times);
    const { bytes } = await read(store, 'a', { range: { start: 0, end: content.length } });
    expect(bytes.equals(content)).toBe(true);
    expect([...new Set(server.log.map(({ headers }) => headers.range))]).toEqual([
      'bytes=0-299999',
      'bytes=100000-299999',
      'bytes=200000-299999',
    ]);
  });

  it('is not put together from two versions', async () => {
    const { server, store } = await startBucket();
    server.bucket.put('a', content);
    server.fail({ cut: 100_000, announced: true });
    server.fail(
      { meanwhile: () => void server.bucket.put('a', Buffer.alloc(300_000)) },
      ({ headers }) => headers.range === 'bytes=100000-',
    );
    await expect(read(store, 'a')).rejects.toMatchObject({ kind: 'changed' });
  });
});

describe('an upload in parts', () => {
  async function parts() {
    const { server, store } = await startBucket();
    server.bucket.smallParts = true;
    const options = { digest: `md5:${'0'.repeat(32)}`, signal: never };
    const upload = await store.startParts('a', options);
    const etags = [await store.putPart(upload, 1, payloadOf('one'), never)];
    return { server, store, upload, etags };
  }
  const isFinish = (seen: { method: string; query: URLSearchParams }) =>
    seen.method === 'POST' && seen.query.has('uploadId');

  it('is not taken for done when an error comes inside a 200', async () => {
    const { server, store, upload, etags } = await parts();
    server.fail({ rewrite: () => '<Error><Code>InternalError</Code></Error>' }, isFinish, ever);
    server.fail({ reply: { status: 200, code: 'InternalError' } }, isFinish, ever);
    const finished = store.finishParts(upload, etags, never);
    // The first attempt went through at the server, so the next finds no upload, and the object instead.
    expect(await finished).toBe([...server.bucket.objects.values()][0]?.etag);
  });

  it('is an error when every answer is one inside a 200', async () => {
    const { server, store, upload, etags } = await parts();
    server.fail({ reply: { status: 200, code: 'InternalError' } }, isFinish, ever);
    await expect(store.finishParts(upload, etags, never)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('InternalError'),
    });
    expect(server.bucket.objects.size).toBe(0);
  });

  it('is found done when the answer was lost', async () => {
    const { server, store, upload, etags } = await parts();
    server.fail({ reset: 'after' }, isFinish);
    expect(await store.finishParts(upload, etags, never)).toBe(server.bucket.objects.get('a')?.etag);
  });

  it("is found done also where ETags are of the server's own making", async () => {
    const { server, store, upload, etags } = await parts();
    const meanwhile = () => {
      const object = server.bucket.objects.get('a');
      if (object !== undefined) server.bucket.objects.set('a', { ...object, etag: 'opaque-3' });
    };
    server.fail({ reset: 'after' }, isFinish);
    server.fail({ meanwhile }, isFinish);
    expect(await store.finishParts(upload, etags, never)).toBe('opaque-3');
  });
});

describe('deleting', () => {
  it('goes in batches of 1,000 and tells what was not deleted', async () => {
    const { server, store } = await startBucket();
    const keys = Array.from({ length: 2001 }, (_, index) => `k${index}`);
    for (const key of keys) server.bucket.put(key, '');
    const refused =
      '<DeleteResult><Error><Key>k7</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>';
    server.fail({ rewrite: () => refused }, ({ query }) => query.has('delete'));
    expect(await store.delete(keys, never)).toEqual([{ key: 'k7', why: 'AccessDenied: no' }]);
    expect(server.count('POST')).toBe(3);
  });

  it('goes one by one for keys that XML cannot hold', async () => {
    const { server, store } = await startBucket();
    server.bucket.put('a\u0001b', '');
    expect(await store.delete(['a\u0001b'], never)).toEqual([]);
    expect(server.bucket.objects.size).toBe(0);
  });
});

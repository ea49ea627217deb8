import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ourselves } from '../../src/stores/owner.ts';
import { makeLimits, partSizeFor } from '../../src/stores/transfer-limits.ts';
import { fiveMebi, move, never, startBucket } from './fake-bucket.ts';

const isPart = (seen: { method: string; query: URLSearchParams }) =>
  seen.method === 'PUT' && seen.query.has('partNumber');
const big = (parts: number) => randomBytes(fiveMebi * parts + 1234);

describe('an upload', () => {
  it('puts what is missing, skips what is the same, leaves what differs', async () => {
    const bucket = await startBucket();
    const { server, write } = bucket;
    write('data/new', 'new');
    write('data/same', 'same');
    write('data/other', 'other');
    write('data/empty', '');
    server.bucket.put('data/same', 'same');
    server.bucket.put('data/other', 'OTHER');
    server.bucket.put('data/only-there', 'x');
    const { summary, messages } = await move('upload', bucket, 'data/');
    expect(summary).toEqual({ moved: 2, bytes: 3, same: 1, different: 1, skipped: 0, ignored: 0, failed: 0 });
    expect(messages).toEqual(['data/other differs and was left: other content']);
    expect(server.bucket.objects.get('data/other')?.body.toString()).toBe('OTHER');
    expect(server.bucket.keys()).toEqual([
      'data/empty',
      'data/new',
      'data/only-there',
      'data/other',
      'data/same',
    ]);
    expect(server.count('PUT')).toBe(2);
  });

  it('replaces what differs when told to, and nothing else', async () => {
    const bucket = await startBucket();
    const { server, write } = bucket;
    write('data/same', 'same');
    write('data/other', 'other');
    server.bucket.put('data/same', 'same');
    server.bucket.put('data/other', 'OTHER');
    const { summary } = await move('upload', bucket, 'data', { overwrite: true });
    expect(summary).toMatchObject({ moved: 1, same: 1, different: 0 });
    expect(server.bucket.objects.get('data/other')?.body.toString()).toBe('other');
  });

  it('changes nothing in a dry run', async () => {
    const bucket = await startBucket();
    bucket.write('data/a', 'a');
    const { summary, events } = await move('upload', bucket, 'data/', { dryRun: true });
    expect(summary).toMatchObject({ moved: 1, bytes: 1 });
    expect(events.map(({ type }) => type)).toContain('would-upload');
    expect(bucket.server.count('PUT')).toBe(0);
    expect(readdirSync(bucket.root)).toEqual(['data']);
  });

  it.each([
    ['data/a.txt', ['data/a.txt']],
    ['data', ['data/a.txt', 'data/b.csv', 'data/sub/c.txt']],
    ['data/', ['data/a.txt', 'data/b.csv', 'data/sub/c.txt']],
    ['./data//sub/', ['data/sub/c.txt']],
    ['data/*.txt', ['data/a.txt', 'data/sub/c.txt']],
    ['d?ta/[ab].*', ['data/a.txt', 'data/b.csv']],
    ['.', ['data-2/d.txt', 'data/a.txt', 'data/b.csv', 'data/sub/c.txt']],
    ['*', ['data-2/d.txt', 'data/a.txt', 'data/b.csv', 'data/sub/c.txt']],
  ])('of file=%s means %j', async (file, keys) => {
    const bucket = await startBucket();
    for (const name of ['data/a.txt', 'data/b.csv', 'data/sub/c.txt', 'data-2/d.txt'])
      bucket.write(name, name);
    bucket.write('.env', 'SECRET=1');
    bucket.write('.toolbox/runs/x', 'x');
    await move('upload', bucket, file);
    expect(bucket.server.bucket.keys()).toEqual(keys);
  });

  it('is narrowed by include and exclude', async () => {
    const bucket = await startBucket();
    for (const name of ['d/a.txt', 'd/b.csv', 'd/tmp/c.txt', 'd/.DS_Store', 'd/e.txt'])
      bucket.write(name, name);
    await move('upload', bucket, 'd/', {
      include: ['*.txt', '.DS_Store'],
      exclude: ['d/tmp/', '.DS_Store', 'e.*'],
    });
    expect(bucket.server.bucket.keys()).toEqual(['d/a.txt']);
  });

  it('decides by content, not by time', async () => {
    const bucket = await startBucket();
    const { write, path, server } = bucket;
    for (let index = 0; index < 250; index++) write(`data/${index}`, `content ${index}`);
    const past = new Date(Date.now() - 60_000);
    for (let index = 0; index < 250; index++) utimesSync(path(`data/${index}`), past, past);
    // So long after the last write that another one would show.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await move('upload', bucket, 'data/');
    expect(readdirSync(path('.toolbox/s3'))).toContain('digests.json');
    // Same size, same mtime, other bytes: only the content and ctime tell.
    writeFileSync(path('data/7'), 'CONTENT 7');
    utimesSync(path('data/7'), past, past);
    // Other mtime, same bytes.
    utimesSync(path('data/8'), new Date(), new Date());
    const { summary, messages } = await move('upload', bucket, 'data/');
    expect(summary).toMatchObject({ moved: 0, same: 249, different: 1 });
    expect(messages).toEqual(['data/7 differs and was left: other content']);
    expect(server.count('PUT')).toBe(250);
  });

  it('keeps its own records only as a cache', async () => {
    const bucket = await startBucket();
    bucket.write('data/a', 'a');
    bucket.write('.toolbox/s3/digests.json', '{"version":1,"entries":');
    expect((await move('upload', bucket, 'data/')).summary.moved).toBe(1);
  });

  it('believes the digest stored beside an object whose ETag is no MD5', async () => {
    const bucket = await startBucket();
    bucket.write('data/a', 'content');
    await move('upload', bucket, 'data/');
    const stored = bucket.server.bucket.objects.get('data/a');
    if (stored === undefined) throw new Error('not stored');
    expect(stored.headers['x-amz-meta-ktb-digest']).toBe(
      `md5:${createHash('md5').update('content').digest('hex')}`,
    );
    const headers = { ...stored.headers, 'x-amz-server-side-encryption': 'aws:kms' };
    bucket.server.bucket.store('data/a', { ...stored, headers, etag: '0123456789abcdef0123456789abcdef' });
    expect((await move('upload', bucket, 'data/')).summary).toMatchObject({ same: 1, different: 0 });
    bucket.write('data/a', 'CONTENT');
    expect((await move('upload', bucket, 'data/')).summary).toMatchObject({ same: 0, different: 1 });
  });

  it('of nothing is an error', async () => {
    const bucket = await startBucket();
    await expect(move('upload', bucket, 'nothing*')).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('nothing*'),
    });
    await expect(move('upload', bucket, '../x')).rejects.toMatchObject({ exitCode: 2 });
    await expect(move('upload', bucket, '/etc/passwd')).rejects.toMatchObject({ exitCode: 2 });
  });

  it('follows links, and skips circles, sockets and pipes by name', async () => {
    const bucket = await startBucket();
    const { write, path } = bucket;
    write('data/file', 'x');
    symlinkSync('file', path('data/link'));
    symlinkSync('.', path('data/circle'));
    symlinkSync('self', path('data/self'));
    symlinkSync('nowhere', path('data/dangling'));
    execFileSync('mkfifo', [path('data/pipe')]);
    const socket = createServer();
    await new Promise<void>((resolve) => socket.listen(path('data/socket'), resolve));
    const { summary, messages } = await move('upload', bucket, 'data/').finally(() => socket.close());
    expect(bucket.server.bucket.keys()).toEqual(['data/file', 'data/link']);
    expect(summary).toMatchObject({ moved: 2, skipped: 0, ignored: 5, failed: 0 });
    expect(messages).toEqual([
      'skipped data/circle: it is a link in a circle',
      'skipped data/dangling: it is a link to nowhere, which is not there',
      'skipped data/pipe: it is a pipe',
      'skipped data/self: it is a link in a circle',
      'skipped data/socket: it is a socket',
    ]);
  });

  it('follows links between folders once, however many ways there are through them', async () => {
    const bucket = await startBucket();
    const folders = Array.from({ length: 9 }, (_, index) => `d${index}`);
    for (const folder of folders) {
      bucket.write(`data/${folder}/sub/file`, folder);
      for (const other of folders)
        if (other !== folder) symlinkSync(`../${other}`, bucket.path(`data/${folder}/to-${other}`));
    }
    const { summary } = await move('upload', bucket, 'data/');
    const keys = bucket.server.bucket.keys();
    for (const folder of folders) {
      expect(keys).toContain(`data/${folder}/sub/file`);
      for (const other of folders)
        if (other !== folder) expect(keys).toContain(`data/${folder}/to-${other}/sub/file`);
    }
    expect(keys.length).toBeLessThan(2 * 9 * 9);
    expect(summary.ignored).toBeLessThan(9 ** 3 + 9 ** 2);
  });

  it('says which private names it left out of a folder, and takes folders that are only called alike', async () => {
    const bucket = await startBucket();
    for (const name of ['.env', '.git/config', 'out/a', 'out/.git/x', 'out/.env2', 'out/.env.d/y'])
      bucket.write(name, 'x');
    const { summary, messages } = await move('upload', bucket, '.');
    expect(bucket.server.bucket.keys()).toEqual(['out/.env.d/y', 'out/a']);
    expect(messages).toEqual(
      ['.env2', '.git'].map((name) => `skipped out/${name}: such names are only moved when they are named`),
    );
    expect(summary).toMatchObject({ moved: 2, skipped: 0, ignored: 2 });
  });

  it('refuses by name what could not come back', async () => {
    const bucket = await startBucket();
    bucket.write('data/a\\b', 'x');
    bucket.write('data/ok', 'x');
    const { messages, summary } = await move('upload', bucket, 'data/');
    expect(messages).toEqual(['skipped data/a\\b: it holds a backslash']);
    expect(summary).toMatchObject({ moved: 1, skipped: 1 });
  });

  it('tells of one file that fails, and goes on with the others', async () => {
    const bucket = await startBucket();
    for (const name of ['a', 'b', 'c']) bucket.write(`data/${name}`, name);
    bucket.server.fail(
      { reply: { status: 403, code: 'AccessDenied' } },
      ({ method, key }) => method === 'PUT' && key === 'data/b',
    );
    const { summary, messages } = await move('upload', bucket, 'data/');
    expect(summary).toMatchObject({ moved: 2, failed: 1 });
    expect(messages[0]).toMatch(/does not let .* write "data\/b"/);
  });

  it('stops at once where every file would fail', async () => {
    const bucket = await startBucket();
    for (let index = 0; index < 500; index++) bucket.write(`data/${index}`, 'x');
    bucket.server.fail(
      { reply: { status: 403, code: 'InvalidAccessKeyId' } },
      ({ method }) => method === 'PUT',
      500,
    );
    await expect(move('upload', bucket, 'data/')).rejects.toMatchObject({ kind: 'settings' });
    expect(bucket.server.count('PUT')).toBeLessThan(300);
  });
});

describe('a large upload', () => {
  it('goes in parts, with its digest stored beside it', async () => {
    const bucket = await startBucket();
    const content = big(3);
    bucket.write('data/big', content);
    await move('upload', bucket, 'data/big');
    const stored = bucket.server.bucket.objects.get('data/big');
    expect(stored?.body.equals(content)).toBe(true);
    expect(stored?.parts?.length).toBe(4);
    expect(stored?.headers['x-amz-meta-ktb-digest']).toMatch(/^sha256-parts-5242880:[0-9a-f]{64}$/);
    expect((await move('upload', bucket, 'data/big')).summary).toMatchObject({ same: 1 });
    appendFileSync(bucket.path('data/big'), 'x');
    expect((await move('upload', bucket, 'data/big')).summary).toMatchObject({ different: 1 });
    content[fiveMebi] = (content[fiveMebi] ?? 0) ^ 1;
    writeFileSync(bucket.path('data/big'), content);
    expect((await move('upload', bucket, 'data/big')).summary).toMatchObject({ different: 1 });
  });

  it('is the same as what another tool uploaded in parts of a common size', async () => {
    const bucket = await startBucket();
    const content = big(3);
    bucket.write('data/big', content);
    const { bucket: fake } = bucket.server;
    const id = fake.startUpload('data/big', {});
    const etags = [0, 1, 2, 3].map((index) => ({
      number: index + 1,
      etag: fake.putPart(
        id,
        'data/big',
        index + 1,
        content.subarray(index * fiveMebi, (index + 1) * fiveMebi),
      ),
    }));
    fake.finishUpload(id, 'data/big', etags);
    expect((await move('upload', bucket, 'data/')).summary).toMatchObject({ same: 1, moved: 0 });
    content[1] = (content[1] ?? 0) ^ 1;
    writeFileSync(bucket.path('data/big'), content);
    expect((await move('upload', bucket, 'data/')).summary).toMatchObject({ different: 1, moved: 0 });
  });

  it('leaves no parts behind when it fails', async () => {
    const bucket = await startBucket();
    bucket.write('data/big', big(3));
    bucket.server.fail(
      { reply: { status: 403, code: 'AccessDenied' } },
      (seen) => isPart(seen) && seen.query.get('partNumber') === '3',
    );
    expect((await move('upload', bucket, 'data/')).summary).toMatchObject({ failed: 1, moved: 0 });
    expect([bucket.server.bucket.uploads.size, bucket.server.bucket.objects.size]).toEqual([0, 0]);
  });

  it('leaves no parts behind when it is interrupted', async () => {
    const bucket = await startBucket();
    bucket.write('data/big', big(3));
    const interruption = new AbortController();
    bucket.server.fail({ meanwhile: () => interruption.abort(new Error('interrupted')) }, isPart);
    await expect(move('upload', bucket, 'data/', { signal: interruption.signal })).rejects.toThrow(
      'interrupted',
    );
    expect([bucket.server.bucket.uploads.size, bucket.server.bucket.objects.size]).toEqual([0, 0]);
  });

  it('clears away what a process of ours that is no more had begun, and nothing else', async () => {
    const bucket = await startBucket();
    const { bucket: fake } = bucket.server;
    const dead = Number(execFileSync('sh', ['-c', 'echo $$']).toString());
    const begun = ['killed', 'running', 'elsewhere'].map((key) => ({ key, id: fake.startUpload(key, {}) }));
    for (const { key, id } of begun) {
      const pid = key === 'killed' ? dead : process.pid;
      const store = key === 'elsewhere' ? 'bucket "other" at http://elsewhere' : bucket.store.name;
      bucket.write(`.toolbox/s3/uploads/${key}.json`, JSON.stringify({ ...ourselves, key, id, store, pid }));
    }
    bucket.write('data/a', 'a');
    await move('upload', bucket, 'data/');
    expect([...fake.uploads.values()].map(({ key }) => key)).toEqual(['running', 'elsewhere']);
  });

  it('goes by what an answer says rather than by what it is called', async () => {
    const bucket = await startBucket();
    bucket.write('big', big(1));
    const rewrite = (xml: string) => xml.replaceAll(/(MultipartUpload)Result/g, '$1Response');
    bucket.server.fail({ rewrite }, ({ method }) => method === 'POST', 2);
    expect((await move('upload', bucket, 'big')).summary).toMatchObject({ moved: 1, failed: 0 });
  });

  it('makes no more parts than the servers take that take least', () => {
    const limits = makeLimits();
    for (const gibi of [1, 16, 5_000]) {
      const size = gibi * 2 ** 30 + 1;
      expect(Math.ceil(size / partSizeFor(size, limits))).toBeLessThanOrEqual(1_000);
    }
  });

  it('clears away a day-old upload of ours to the same key', async () => {
    const bucket = await startBucket();
    const { bucket: fake } = bucket.server;
    const old = new Date(Date.now() - 25 * 3_600_000);
    const start = (key: string, initiator: string, initiated: Date) => {
      const upload = fake.uploads.get(fake.startUpload(key, {}, initiator));
      if (upload !== undefined) upload.initiated = initiated;
    };
    start('data/big', 'fake-user', old);
    start('data/big', 'somebody-else', old);
    start('data/big', 'fake-user', new Date());
    start('data/big2', 'fake-user', old);
    bucket.write('data/big', big(1));
    await move('upload', bucket, 'data/');
    const left = [...fake.uploads.values()].map(({ key, initiator, initiated }) => [
      key,
      initiator,
      initiated === old,
    ]);
    expect(left).toEqual([
      ['data/big', 'somebody-else', true],
      ['data/big', 'fake-user', false],
      ['data/big2', 'fake-user', true],
    ]);
  });

  it('begins again when the file changes meanwhile', async () => {
    const bucket = await startBucket();
    bucket.write('data/big', big(2));
    const content = big(2);
    bucket.server.fail({ meanwhile: () => writeFileSync(bucket.path('data/big'), content) }, isPart);
    expect((await move('upload', bucket, 'data/')).summary).toMatchObject({ moved: 1, failed: 0 });
    expect(bucket.server.bucket.objects.get('data/big')?.body.equals(content)).toBe(true);
    expect(bucket.server.bucket.uploads.size).toBe(0);
  });

  it('sends a part again that was lost, reset or refused as damaged', async () => {
    const bucket = await startBucket();
    const content = big(3);
    bucket.write('data/big', content);
    bucket.server.fail({ reset: 'before' }, isPart);
    bucket.server.fail({ reset: 'after' }, isPart);
    bucket.server.fail({ reply: { status: 400, code: 'XAmzContentSHA256Mismatch' } }, isPart);
    await move('upload', bucket, 'data/');
    expect(bucket.server.bucket.objects.get('data/big')?.body.equals(content)).toBe(true);
  });
});

it('leaves local files as they were', async () => {
  const bucket = await startBucket();
  bucket.write('data/a', 'a');
  const before = statSync(bucket.path('data/a')).mtimeMs;
  await move('upload', bucket, 'data/', { signal: never });
  expect([readFileSync(bucket.path('data/a'), 'utf8'), statSync(bucket.path('data/a')).mtimeMs]).toEqual([
    'a',
    before,
  ]);
});

it('takes a pattern for a pattern, also where a file is called so', async () => {
  const bucket = await startBucket();
  for (const name of ['data/[br].txt', 'data/b.txt', 'data/c.txt']) bucket.write(name, name);
  await move('upload', bucket, 'data/[br].txt');
  expect(bucket.server.bucket.keys()).toEqual(['data/[br].txt', 'data/b.txt']);
});

it('leaves copies of .env behind, too, but for examples and what is named', async () => {
  const bucket = await startBucket();
  const secrets = ['.env', '.env.local', '.env.bak', '.env~', '.env2', 'sub/.env.ok', '.env.swp'];
  for (const name of [...secrets, '.env.example', '.environment', 'a.env']) bucket.write(name, name);
  await move('upload', bucket, '.');
  expect(bucket.server.bucket.keys()).toEqual(['.env.example', '.environment', 'a.env']);
  await move('upload', bucket, '.env.local');
  expect(bucket.server.bucket.keys()).toContain('.env.local');
});

it('says nothing of links in a circle that are not meant', async () => {
  const bucket = await startBucket();
  bucket.write('data/a.csv', 'a');
  symlinkSync('.', bucket.path('data/self'));
  expect((await move('upload', bucket, 'data/*.csv')).summary).toMatchObject({ moved: 1, ignored: 0 });
  expect((await move('upload', bucket, 'data/')).summary).toMatchObject({ same: 1, ignored: 1 });
});

import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ourselves } from '../../src/stores/owner.ts';
import type { TransferEvent } from '../../src/stores/transfer-event.ts';
import { fiveMebi, move, putParts, startBucket } from './fake-bucket.ts';

const isGet = (seen: { method: string; key: string }) => seen.method === 'GET' && seen.key !== '';
/** No system counts processes so far. */
const dead = 999_999_999;
const ever = Number.POSITIVE_INFINITY;
const big = (parts: number) => randomBytes(fiveMebi * parts + 1234);

/** Everything below a folder, temporary files too. */
function tree(root: string): string[] {
  return (readdirSync(root, { recursive: true }) as string[])
    .filter((name) => !name.startsWith('.toolbox'))
    .sort();
}

describe('a download', () => {
  it('fetches what is missing, skips what is the same, leaves what differs', async () => {
    const bucket = await startBucket();
    const { server, write, path, root } = bucket;
    for (const name of ['new', 'same', 'other', 'deep/er/new']) server.bucket.put(`data/${name}`, name);
    server.bucket.put('data/empty', '');
    write('data/same', 'same');
    write('data/other', 'OTHER');
    write('data/only-here', 'x');
    const { summary, messages } = await move('download', bucket, 'data/');
    expect(summary).toEqual({
      moved: 3,
      bytes: 14,
      same: 1,
      different: 1,
      skipped: 0,
      ignored: 0,
      failed: 0,
    });
    expect(messages).toEqual(['data/other differs and was left: other content']);
    expect(tree(root)).toEqual([
      'data',
      'data/deep',
      'data/deep/er',
      'data/deep/er/new',
      'data/empty',
      'data/new',
      'data/only-here',
      'data/other',
      'data/same',
    ]);
    expect(readFileSync(path('data/deep/er/new'), 'utf8')).toBe('deep/er/new');
    expect(readFileSync(path('data/other'), 'utf8')).toBe('OTHER');
    expect(statSync(path('data/empty')).size).toBe(0);
    await move('download', bucket, 'data/', { overwrite: true });
    expect(readFileSync(path('data/other'), 'utf8')).toBe('other');
  });

  it('changes nothing in a dry run', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('data/deep/a', 'a');
    const { summary } = await move('download', bucket, 'data/', { dryRun: true });
    expect(summary).toMatchObject({ moved: 1 });
    expect(readdirSync(bucket.root)).toEqual([]);
    expect(bucket.server.log.some(isGet)).toBe(false);
  });

  it.each(['out[1]', 'out[1]/'])('takes a folder that is called like a pattern: %s', async (file) => {
    const bucket = await startBucket();
    for (const key of ['out[1]/a', 'out[1]/b/c', 'out/x']) bucket.server.bucket.put(key, key);
    expect((await move('download', bucket, file)).summary).toMatchObject({ moved: 2 });
    expect((await move('upload', bucket, file)).summary).toMatchObject({ same: 2 });
  });

  it('keeps the rights of a file that it replaces', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('run.sh', 'new content');
    bucket.write('run.sh', 'old');
    // More than what is left of 0666 by any umask.
    chmodSync(bucket.path('run.sh'), 0o775);
    await move('download', bucket, 'run.sh', { overwrite: true });
    expect(statSync(bucket.path('run.sh')).mode & 0o777).toBe(0o775);
    expect(readFileSync(bucket.path('run.sh'), 'utf8')).toBe('new content');
  });

  it.each([
    ['a flipped byte', { flip: 3 }],
    ['a body cut short without a length', { cut: 4, announced: false }],
    ['a body cut short with a length', { cut: 4, announced: true }],
    ['a reset', { reset: 'before' }],
  ] as const)('notices %s, and fetches again', async (_, fault) => {
    const bucket = await startBucket();
    bucket.server.bucket.put('a', 'the content');
    bucket.server.fail(fault, isGet);
    const { summary } = await move('download', bucket, 'a');
    expect(summary).toMatchObject({ moved: 1, failed: 0 });
    expect(readFileSync(bucket.path('a'), 'utf8')).toBe('the content');
    expect(bucket.server.log.filter(isGet).length).toBe(2);
  });

  it('that arrives damaged every time fails, and leaves nothing', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('a', 'the content');
    bucket.server.bucket.put('b', 'fine');
    bucket.server.fail({ flip: 3 }, (seen) => isGet(seen) && seen.key === 'a', ever);
    const { summary, messages } = await move('download', bucket, '*');
    expect(summary).toMatchObject({ moved: 1, failed: 1 });
    expect(messages[0]).toMatch(/"a" arrived damaged 4 times/);
    expect(tree(bucket.root)).toEqual(['b']);
  });

  it('of an object replaced since the listing gets the new one', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('a', 'before');
    bucket.server.fail({ meanwhile: () => void bucket.server.bucket.put('a', 'after, longer') }, isGet);
    await move('download', bucket, 'a');
    expect(readFileSync(bucket.path('a'), 'utf8')).toBe('after, longer');
  });

  it('of an empty object believes the listing where a proxy drops the length', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('empty', '');
    bucket.server.fail({ cut: 0, announced: false }, ({ key }) => key === 'empty', 9);
    const { summary } = await move('download', bucket, '*');
    expect([summary.moved, readFileSync(bucket.path('empty'), 'utf8')]).toEqual([1, '']);
  });

  it.each([1, 11 << 20])('of %i bytes leaves nothing where something got in its way', async (size) => {
    const bucket = await startBucket();
    bucket.server.bucket.put('data/a', Buffer.alloc(size));
    bucket.server.fail(
      { meanwhile: () => void mkdirSync(bucket.path('data/a'), { recursive: true }) },
      ({ method, key }) => method === 'GET' && key !== '',
    );
    const { summary, messages } = await move('download', bucket, 'data/');
    expect([summary.failed, messages]).toEqual([1, [expect.stringMatching(/^data\/a: EISDIR/)]]);
    expect(tree(bucket.root)).toEqual(['data', 'data/a']);
  });

  it('of an object removed since the listing fails', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('a', 'before');
    bucket.server.fail({ meanwhile: () => bucket.server.bucket.delete('a') }, isGet);
    expect((await move('download', bucket, 'a')).summary).toMatchObject({ failed: 1, moved: 0 });
    expect(tree(bucket.root)).toEqual([]);
  });

  it('of nothing is an error', async () => {
    const bucket = await startBucket();
    await expect(move('download', bucket, 'nothing/')).rejects.toMatchObject({ exitCode: 1 });
  });

  it('of one object needs no right to list', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('data/a', 'a');
    bucket.server.fail(
      { reply: { status: 403, code: 'AccessDenied' } },
      ({ query }) => query.has('list-type'),
      ever,
    );
    expect((await move('download', bucket, 'data/a')).summary).toMatchObject({ moved: 1 });
    await expect(move('download', bucket, 'data/')).rejects.toThrow(/list bucket/);
  });

  it('makes folders of markers, and no file', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('data/', '');
    bucket.server.bucket.put('data/empty/', '');
    bucket.server.bucket.put('data/a', 'a');
    const { summary } = await move('download', bucket, 'data/');
    expect(summary).toMatchObject({ moved: 1, skipped: 0 });
    expect(tree(bucket.root)).toEqual(['data', 'data/a', 'data/empty']);
    expect(lstatSync(bucket.path('data/empty')).isDirectory()).toBe(true);
  });

  it('brings hard names there and back', async () => {
    const bucket = await startBucket();
    const names = [
      'with space',
      '+%#?&\'"',
      '😀🎉',
      'line\nbreak',
      '[set]*',
      '%41',
      '$HOME',
      '-rf',
      'é',
      'tab\t',
      'a:b',
      'x'.repeat(240),
    ];
    const deep = `data/${Array.from({ length: 4 }, () => 'd'.repeat(250)).join('/')}`.slice(0, 1024);
    for (const name of names) bucket.write(`data/${name}`, name);
    bucket.write(deep, 'deep');
    expect((await move('upload', bucket, 'data/')).summary).toMatchObject({
      moved: names.length + 1,
      skipped: 0,
    });
    rmSync(bucket.path('data'), { recursive: true });
    expect((await move('download', bucket, 'data/')).summary).toMatchObject({
      moved: names.length + 1,
      skipped: 0,
    });
    for (const name of names) expect(readFileSync(bucket.path(`data/${name}`), 'utf8')).toBe(name);
    expect(readFileSync(bucket.path(deep), 'utf8')).toBe('deep');
  });
});

describe('a hostile key', () => {
  it.each([
    '../out',
    'data/../../out',
    '/etc/out',
    'C:/out',
    'data\\..\\out',
    'data//out',
    'data/./out',
    '..',
    `data/${'x'.repeat(256)}`,
    'a\u0000b',
  ])('%j is skipped by name, and nothing is written', async (key) => {
    const bucket = await startBucket();
    bucket.server.bucket.put(key, 'evil');
    bucket.server.bucket.put('good', 'good');
    const { summary, messages } = await move('download', bucket, '*');
    expect(summary).toMatchObject({ moved: 1, skipped: 1, failed: 0 });
    expect(messages[0]).toMatch(/^skipped /);
    expect(tree(bucket.root)).toEqual(['good']);
    expect(readdirSync(join(bucket.root, '..'))).toEqual(['project']);
  });

  it('that is never uploaded with its folder is not downloaded with it either', async () => {
    const bucket = await startBucket();
    const kept = [
      '.git/hooks/post-checkout',
      '.env',
      '.env.local',
      '.toolbox/s3/server.json',
      'a/.ktb-1.part',
    ];
    for (const key of [...kept, '.env.example', '.github/a', 'a/.environment'])
      bucket.server.bucket.put(key, 'x');
    const { summary, messages } = await move('download', bucket, '.');
    expect(summary).toMatchObject({ moved: 3, skipped: kept.length });
    expect(messages).toContain('skipped .git/hooks/post-checkout: ".git" is only moved when it is named');
    for (const named of ['.env', '.git/hooks/'])
      expect((await move('download', bucket, named)).summary).toMatchObject({ moved: 1, skipped: 0 });
  });

  it('that is both file and folder is skipped by name', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('a', 'file');
    bucket.server.bucket.put('a/b', 'below');
    const { summary, messages } = await move('download', bucket, '*');
    expect(messages).toEqual(['skipped a: it is a file and a folder']);
    expect(summary).toMatchObject({ moved: 1, skipped: 1 });
    expect(tree(bucket.root)).toEqual(['a', 'a/b']);
  });

  it('that would be a folder where a file is, or a file where a folder is, is skipped', async () => {
    const bucket = await startBucket();
    bucket.write('a', 'file');
    bucket.write('b/c', 'below');
    bucket.server.bucket.put('a/x', '1');
    bucket.server.bucket.put('b', '2');
    const { messages } = await move('download', bucket, '*', { overwrite: true });
    expect(messages.sort()).toEqual([
      'skipped a/x: a is a file',
      'skipped b: there is a folder of that name',
    ]);
    expect(readFileSync(bucket.path('a'), 'utf8')).toBe('file');
  });

  it('that leads over a link out of the folder is skipped', async () => {
    const bucket = await startBucket();
    const outside = realpathSync(mkdtempSync(join(tmpdir(), 'ktb-out-')));
    onTestFinished(() => rmSync(outside, { recursive: true }));
    writeFileSync(join(outside, 'secret'), 'before');
    mkdirSync(bucket.path('inside'));
    symlinkSync(outside, bucket.path('way-out'));
    symlinkSync(join(outside, 'secret'), bucket.path('file-out'));
    symlinkSync(join(outside, 'absent'), bucket.path('dangling'));
    symlinkSync('inside', bucket.path('way-in'));
    symlinkSync('loop', bucket.path('loop'));
    for (const key of ['way-out/a', 'way-out/secret', 'file-out', 'dangling', 'loop/a', 'way-in/a'])
      bucket.server.bucket.put(key, 'evil');
    const { summary, messages } = await move('download', bucket, '*', { overwrite: true });
    expect(summary).toMatchObject({ moved: 1, skipped: 5 });
    expect(messages.sort()).toEqual([
      `skipped dangling: there is a link to ${join(outside, 'absent')}, which is not there`,
      'skipped file-out: there is a link that leads out of the folder',
      'skipped loop/a: loop is a link in a circle',
      'skipped way-out/a: way-out is a link that leads out of the folder',
      'skipped way-out/secret: way-out is a link that leads out of the folder',
    ]);
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('before');
    expect(readFileSync(bucket.path('inside/a'), 'utf8')).toBe('evil');
  });
});

describe('a large download', () => {
  it.each([
    ['uploaded by us', { digest: true }, 4],
    ['uploaded in parts of a common size by others', { digest: false }, 4],
    ['uploaded in parts of an odd size by others', { digest: false, partSize: fiveMebi + 4321 }, 3],
    ['uploaded in parts too small to fetch one by one', { digest: false, partSize: 1 << 20 }, 4],
  ])('%s comes in ranges, whole', async (_, options, ranges) => {
    const bucket = await startBucket();
    const content = big(3);
    bucket.server.bucket.smallParts = true;
    putParts(bucket.server.bucket, 'big', content, options);
    expect((await move('download', bucket, 'big')).summary).toMatchObject({ moved: 1 });
    expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
    expect(bucket.server.log.filter(isGet).length).toBe(ranges);
    expect(tree(bucket.root)).toEqual(['big']);
    expect((await move('download', bucket, 'big')).summary).toMatchObject({ same: 1, moved: 0 });
  });

  it('in one piece is checked against its MD5', async () => {
    const bucket = await startBucket();
    const content = big(2);
    bucket.server.bucket.put('big', content);
    bucket.server.fail(
      { flip: 77 },
      ({ headers }) => headers.range?.startsWith(`bytes=${fiveMebi}-`) === true,
    );
    expect((await move('download', bucket, 'big')).summary).toMatchObject({ moved: 1 });
    expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
    expect(bucket.server.log.filter(isGet).length).toBe(6);
  });

  it('is fetched again when one byte of one range is wrong, and fails when that goes on', async () => {
    const bucket = await startBucket();
    const content = big(2);
    putParts(bucket.server.bucket, 'big', content, { digest: true });
    bucket.server.fail({ flip: 0 }, isGet, ever);
    const { summary, messages } = await move('download', bucket, 'big');
    expect(summary).toMatchObject({ failed: 1, moved: 0 });
    expect(messages[0]).toMatch(/arrived damaged/);
    expect(tree(bucket.root)).toEqual([]);
  });

  it('is checked by the checksum beside its digest, and by the digest where that checksum is wrong', async () => {
    const bucket = await startBucket();
    const content = big(2);
    bucket.write('big', content);
    expect((await move('upload', bucket, 'big')).summary).toMatchObject({ moved: 1 });
    const stored = bucket.server.bucket.objects.get('big');
    if (stored === undefined) throw new Error('not stored');
    expect(stored.headers['x-amz-meta-ktb-check']).toMatch(/^gmac-parts-5242880:[0-9a-f]{64}$/);
    const fetch = async (): Promise<{ moved: number; requests: number }> => {
      rmSync(bucket.path('big'), { force: true });
      const before = bucket.server.log.filter(isGet).length;
      const { summary } = await move('download', bucket, 'big');
      if (summary.moved === 1) expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
      return { moved: summary.moved, requests: bucket.server.log.filter(isGet).length - before };
    };
    expect(await fetch()).toEqual({ moved: 1, requests: 3 });
    bucket.server.fail({ flip: 0 }, isGet);
    expect(await fetch()).toEqual({ moved: 1, requests: 6 });
    const headers = { ...stored.headers, 'x-amz-meta-ktb-check': `gmac-parts-5242880:${'0'.repeat(64)}` };
    bucket.server.bucket.store('big', { ...stored, headers });
    expect(await fetch()).toEqual({ moved: 1, requests: 3 });
    // What is known of the file afterwards is its digest, as ever.
    expect((await move('upload', bucket, 'big')).summary).toMatchObject({ moved: 0, same: 1 });
  });

  it('is not mixed of two versions when the object is replaced between ranges', async () => {
    const bucket = await startBucket();
    const [before, after] = [big(3), big(3)];
    putParts(bucket.server.bucket, 'big', before, { digest: true });
    const replace = { meanwhile: () => void putParts(bucket.server.bucket, 'big', after, { digest: true }) };
    bucket.server.fail(
      replace,
      ({ headers }) => headers.range?.startsWith(`bytes=${fiveMebi * 2}-`) === true,
    );
    expect((await move('download', bucket, 'big')).summary).toMatchObject({ moved: 1 });
    expect(readFileSync(bucket.path('big')).equals(after)).toBe(true);
  });

  it('goes on where an interrupted one was', async () => {
    const bucket = await startBucket();
    const content = big(3);
    putParts(bucket.server.bucket, 'big', content, { digest: true });
    const interruption = new AbortController();
    const isLast = (seen: { headers: { range?: string | undefined } }) =>
      seen.headers.range?.startsWith(`bytes=${fiveMebi * 3}-`) === true;
    const rest = async () => {
      // The other ranges are to be there before the interruption.
      while (!tree(bucket.root).some((name) => name.endsWith('.ranges')) || rangesOf(bucket.root) < 3)
        await new Promise((resolve) => setTimeout(resolve, 5));
      interruption.abort(new Error('interrupted'));
    };
    bucket.server.fail({ meanwhile: rest }, isLast);
    await expect(move('download', bucket, 'big', { signal: interruption.signal })).rejects.toThrow(
      'interrupted',
    );
    expect(existsSync(bucket.path('big'))).toBe(false);
    bucket.server.log.length = 0;
    await move('download', bucket, 'big');
    expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
    expect(bucket.server.log.filter(isGet).length).toBe(1);
    expect(tree(bucket.root)).toEqual(['big']);
  });

  it('does not trust what an earlier one left', async () => {
    const bucket = await startBucket();
    const content = big(2);
    const { etag } = putParts(bucket.server.bucket, 'big', content, { digest: true });
    const name = `.ktb-${createHash('sha256').update('big').digest('hex').slice(0, 16)}`;
    const header = { etag, size: content.length, rangeSize: fiveMebi, ...ourselves, pid: dead };
    bucket.write(`${name}.part`, Buffer.alloc(content.length));
    bucket.write(`${name}.ranges`, `${JSON.stringify(header)}\n0\n1\n`);
    expect((await move('download', bucket, 'big')).summary).toMatchObject({ moved: 1 });
    expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
    expect(tree(bucket.root)).toEqual(['big']);
  });

  it.each(['part', 'ranges'])('follows no link where it would put its .%s', async (ending) => {
    const bucket = await startBucket();
    const content = big(2);
    const { etag } = putParts(bucket.server.bucket, 'big', content, { digest: true });
    const name = `.ktb-${createHash('sha256').update('big').digest('hex').slice(0, 16)}`;
    const victim = join(bucket.root, '..', 'victim');
    const header = { etag, size: content.length, rangeSize: fiveMebi, ...ourselves, pid: dead };
    const before = ending === 'part' ? 'untouched' : `${JSON.stringify(header)}\n0\n`;
    writeFileSync(victim, before);
    if (ending === 'part') bucket.write(`${name}.ranges`, `${JSON.stringify(header)}\n0\n`);
    symlinkSync(victim, bucket.path(`${name}.${ending}`));
    expect((await move('download', bucket, 'big')).summary).toMatchObject({ moved: 1 });
    expect(readFileSync(victim, 'utf8')).toBe(before);
    expect(lstatSync(bucket.path('big')).isFile()).toBe(true);
    expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
  });

  it('needs no length of an answer without a body', async () => {
    const bucket = await startBucket();
    putParts(bucket.server.bucket, 'data/big', big(2), { digest: true });
    bucket.server.tellsNoLength = true;
    expect((await move('download', bucket, 'data/')).summary).toMatchObject({ moved: 1, failed: 0 });
  });

  it('counts what had to come twice once', async () => {
    const bucket = await startBucket();
    putParts(bucket.server.bucket, 'big', big(2), { digest: true });
    bucket.server.fail({ flip: 7 }, ({ method }) => method === 'GET');
    const { events, summary } = await move('download', bucket, 'big');
    const bytes = events.reduce((sum, event) => sum + (event.type === 'moved' ? event.bytes : 0), 0);
    expect([summary.moved, bytes]).toEqual([1, big(2).length]);
  });

  it('does not take for its own what another put in its place', async () => {
    const bucket = await startBucket();
    bucket.server.bucket.put('a', 'one');
    const report = (event: TransferEvent) => {
      if (event.type !== 'moved' || event.bytes === 0) return;
      bucket.write('other', 'two');
      renameSync(bucket.path('other'), bucket.path('a'));
    };
    await move('download', bucket, 'a', { report });
    expect((await move('download', bucket, 'a')).summary).toMatchObject({ same: 0, different: 1 });
  });

  it('begins anew when the object is another one since', async () => {
    const bucket = await startBucket();
    const content = big(1);
    putParts(bucket.server.bucket, 'big', content, { digest: true });
    const name = `.ktb-${createHash('sha256').update('big').digest('hex').slice(0, 16)}`;
    bucket.write(`${name}.part`, Buffer.alloc(fiveMebi * 3));
    bucket.write(
      `${name}.ranges`,
      `${JSON.stringify({ etag: 'old', size: 9, rangeSize: fiveMebi, ...ourselves, pid: dead })}\n0\n`,
    );
    await move('download', bucket, 'big');
    expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
  });

  it('whose content nothing can prove is known to be the same by its ETag, while both stay', async () => {
    const bucket = await startBucket();
    const content = big(1);
    const stored = putParts(bucket.server.bucket, 'big', content, { digest: false });
    bucket.server.bucket.store('big', { ...stored, etag: `${'0'.repeat(32)}-2` });
    const later = { now: () => Date.now() + 60_000 };
    expect((await move('download', bucket, 'big', later)).summary).toMatchObject({ moved: 1 });
    expect(readFileSync(bucket.path('big')).equals(content)).toBe(true);
    expect((await move('download', bucket, 'big')).summary).toMatchObject({ same: 1, moved: 0 });
    bucket.write('big', content);
    const { summary, messages } = await move('download', bucket, 'big');
    expect(summary).toMatchObject({ different: 1, moved: 0 });
    expect(messages).toEqual(['big differs and was left: nothing tells whether the content is the same']);
  });
});

it('clears away what dead processes left in the folder', async () => {
  const bucket = await startBucket();
  bucket.server.bucket.put('a', 'a');
  const host = createHash('sha256')
    .update(ourselves.host + ourselves.space)
    .digest('hex')
    .slice(0, 8);
  bucket.write(`.ktb-0123-${host}-${dead}.part`, 'dead');
  bucket.write('.ktb-0123-ffffffff-999999999.part', 'of another machine');
  bucket.write('.ktb-mine', 'not ours');
  await move('download', bucket, 'a');
  expect(tree(bucket.root)).toEqual(['.ktb-0123-ffffffff-999999999.part', '.ktb-mine', 'a']);
});

describe('what a killed download left of an object that is gone', () => {
  /** As `RangeList` writes it. */
  async function leave(name: string, change: Record<string, unknown> = {}) {
    const bucket = await startBucket();
    bucket.server.bucket.put('data/there', 'there');
    const file = `data/.ktb-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
    const version = { etag: 'e', size: big(2).length, rangeSize: fiveMebi };
    const header = { store: bucket.store.name, key: `data/${name}`, ...version, ...ourselves, pid: dead };
    bucket.write(`${file}.part`, 'left');
    bucket.write(`${file}.ranges`, `${JSON.stringify({ ...header, ...change })}\n0\n`);
    return { ...bucket, left: [`${file}.part`, `${file}.ranges`] };
  }

  it.each(['data/', 'data', 'data/*', 'data/gone'])('is removed by the next download of %s', async (file) => {
    const bucket = await leave('gone');
    bucket.write('data/there', 'there');
    await move('download', bucket, file).catch(() => {});
    expect(tree(bucket.root)).toEqual(['data', 'data/there']);
    expect((await move('download', bucket, 'data/')).summary).toMatchObject({ same: 1, moved: 0 });
  });

  it('is removed where no object is left', async () => {
    const bucket = await startBucket();
    putParts(bucket.server.bucket, 'data/big', big(2), { digest: true });
    const stop = new AbortController();
    bucket.server.fail({ meanwhile: () => stop.abort() }, ({ headers }) => headers.range !== undefined);
    await move('download', bucket, 'data/', { signal: stop.signal }).catch(() => {});
    expect(tree(bucket.root)).toEqual([
      'data',
      expect.stringMatching(/part$/),
      expect.stringMatching(/ranges$/),
    ]);
    bucket.server.bucket.objects.clear();
    await expect(move('download', bucket, 'data/')).rejects.toMatchObject({
      diagnostics: [{ code: 'S3_NO_MATCH' }],
    });
    expect(tree(bucket.root)).toEqual(['data']);
  });

  it.each([
    ['of a process that runs', { pid: process.ppid }, 'data/', {}],
    ['of another machine, written just now', { host: 'another' }, 'data/', {}],
    ['from another bucket', { store: 'another' }, 'data/', {}],
    ['of what was not asked for', {}, 'data/t*', {}],
    ['when nothing is to be changed', {}, 'data/', { dryRun: true }],
  ])('stays %s', async (_, change, file, options) => {
    const bucket = await leave('gone', change);
    await move('download', bucket, file, options);
    expect(tree(bucket.root)).toEqual(expect.arrayContaining(bucket.left));
  });

  it('is removed where a small object has its key now', async () => {
    const bucket = await leave('there');
    expect((await move('download', bucket, 'data/')).summary).toMatchObject({ moved: 1 });
    expect(tree(bucket.root)).toEqual(['data', 'data/there']);
  });

  it('is removed where the object has come whole by another download', async () => {
    const bucket = await leave('there');
    putParts(bucket.server.bucket, 'data/there', big(2), { digest: true });
    const left = bucket.left.map((name) => [name, readFileSync(join(bucket.root, name), 'utf8')] as const);
    await move('download', bucket, 'data/');
    for (const [name, text] of left) bucket.write(name, text);
    expect((await move('download', bucket, 'data/')).summary).toMatchObject({ same: 1 });
    expect(tree(bucket.root)).toEqual(['data', 'data/there']);
  });

  it('stays while its object is there', async () => {
    const bucket = await leave('there');
    putParts(bucket.server.bucket, 'data/there', big(2), { digest: true });
    bucket.write('data/there', 'other');
    expect((await move('download', bucket, 'data/')).summary).toMatchObject({ different: 1 });
    expect(tree(bucket.root)).toEqual(expect.arrayContaining(bucket.left));
  });
});

function rangesOf(root: string): number {
  const name = tree(root).find((each) => each.endsWith('.ranges')) ?? '';
  return readFileSync(join(root, name), 'utf8').split('\n').length - 2;
}

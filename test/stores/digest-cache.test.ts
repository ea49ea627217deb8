import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DigestCache } from '../../src/stores/digest-cache.ts';

const written = 1_700_000_000_000.5;
const file = { key: 'a', path: '/p/a', size: 1, mtimeMs: written, ctimeMs: written, ino: 1 };
const scheme = { algorithm: 'md5', partSize: undefined } as const;

it('does not trust a file that was looked at while another write would not show', () => {
  const cache = new DigestCache(undefined, 'here');
  for (const [after, known] of [
    [1, undefined],
    [1_000, 'md5:x'],
  ] as const) {
    // However long reading it took.
    cache.remember({ ...file, lookedAt: written + after }, 'md5:x');
    expect(cache.known({ ...file, lookedAt: written + 99_999 }, scheme)).toBe(known);
  }
});

it('takes no ETag for that of another store or key', () => {
  const cache = new DigestCache(undefined, 'here');
  const looked = { ...file, lookedAt: written + 1_000 };
  const listed = { etag: 'abc-2' };
  cache.remember(looked, 'sha256-parts-5:x', 'abc-2');
  expect(cache.knowsEqual(looked, listed)).toBe(true);
  expect(cache.knowsEqual({ ...looked, key: 'p/a' }, listed)).toBe(false);
  expect(cache.knowsEqual(looked, { etag: 'abd-2' })).toBe(false);
});

it('adds to what is saved, and forgets what is gone when it is written anew', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktb-digests-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'digests.json');
  const here = join(folder, 'here');
  writeFileSync(here, 'x');
  const looked = { ...file, size: 5 << 20, lookedAt: written + 1_000 };
  const remember = (paths: readonly string[]) => {
    const cache = new DigestCache(path, 'here');
    for (const each of paths) cache.remember({ ...looked, path: each }, 'md5:x');
    cache.save();
  };
  const known = (each: string) => new DigestCache(path, 'here').known({ ...looked, path: each }, scheme);
  remember([here, '/gone/a']);
  remember(['/gone/b']);
  expect([here, '/gone/a', '/gone/b'].map(known)).toEqual(['md5:x', 'md5:x', 'md5:x']);
  remember(Array.from({ length: 40_000 }, (_, index) => `/gone/${index}`));
  expect(known('/gone/39999')).toBe('md5:x');
  remember(['/gone/c']);
  expect([here, '/gone/a', '/gone/39999', '/gone/c'].map(known)).toEqual([
    'md5:x',
    undefined,
    undefined,
    'md5:x',
  ]);
});

it('passes over records of another shape', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktb-digests-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'digests.json');
  const looked = { ...file, lookedAt: written + 1_000 };
  const first = new DigestCache(path, 'here');
  for (let index = 0; index < 300; index++)
    first.remember({ ...looked, path: `/p/${index}`, size: 1 << 20 }, 'md5:x');
  first.save();
  const text = readFileSync(path, 'utf8');
  expect(new DigestCache(path, 'here').known({ ...looked, path: '/p/0', size: 1 << 20 }, scheme)).toBe(
    'md5:x',
  );
  writeFileSync(path, text.replaceAll('["md5:x"]', '7'));
  expect(
    new DigestCache(path, 'here').known({ ...looked, path: '/p/0', size: 1 << 20 }, scheme),
  ).toBeUndefined();
});

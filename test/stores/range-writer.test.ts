import { hash, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RangeWriter } from '../../src/stores/range-writer.ts';

let folder: string;
let descriptor: number;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'range-writer-'));
  descriptor = openSync(path.join(folder, 'file'), 'w+');
});

afterEach(() => rmSync(folder, { recursive: true }));

it.each([
  ['small ones', [1, 4096, 100_000, 65_536, 65_536, 1, 70_000, 60_000]],
  ['large ones', [131_072, 262_144, 1_000_000]],
  ['both', [5, 262_144, 0, 131_071, 1, 131_072, 7]],
])('writes pieces in their place, and may be told in memory that is used again: %s', (_, sizes) => {
  const content = randomBytes(sizes.reduce((sum, size) => sum + size, 0));
  let counted = 0;
  const writer = new RangeWriter(descriptor, 1000, 'sha256', (count) => {
    counted += count;
  });
  let at = 0;
  for (const size of sizes) {
    const piece = Buffer.from(content.subarray(at, at + size));
    writer.add(piece);
    piece.fill(0);
    at += size;
  }
  expect(writer.end()?.toString('hex')).toBe(hash('sha256', content));
  closeSync(descriptor);
  expect(counted).toBe(content.length);
  expect(readFileSync(path.join(folder, 'file')).equals(Buffer.concat([Buffer.alloc(1000), content]))).toBe(
    true,
  );
});

it('throws what the file system says', () => {
  closeSync(descriptor);
  const readOnly = openSync(path.join(folder, 'file'), 'r');
  const writer = new RangeWriter(readOnly, 0, undefined, () => undefined);
  expect(() => writer.add(Buffer.alloc(200_000))).toThrow('EBADF');
  closeSync(readOnly);
});

import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { chunkSize } from '../../src/stores/file-digest.ts';
import { RangeWriter } from '../../src/stores/range-writer.ts';

it('has written what was added last, also where that still waits for the disk', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'range-writer-'));
  const file = await open(path.join(folder, 'file'), 'w+');
  const content = randomBytes(3 * chunkSize + 5000);
  const writer = new RangeWriter(file, 0, [Buffer.alloc(chunkSize), Buffer.alloc(chunkSize)], {
    algorithm: undefined,
    onBytes: () => undefined,
  });
  const added = writer.add(content);
  expect(added).toBeInstanceOf(Promise);
  // The one who adds may have been told that there is no more before the disk has taken it.
  await writer.end();
  await file.close();
  expect((await readFile(path.join(folder, 'file'))).equals(content)).toBe(true);
  await rm(folder, { recursive: true });
});

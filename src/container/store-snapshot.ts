import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { ObjectStore } from '../stores/object-store.ts';
import { type Snapshot, snapshotKey } from './pack-snapshot.ts';

/** Stores a packed snapshot in the bucket, once: the key is its digest, so what is there already is the same. */
export async function storeSnapshot(
  snapshot: Pick<Snapshot, 'digest' | 'file'>,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<'stored' | 'already there'> {
  const key = snapshotKey(snapshot.digest);
  if ((await store.head(key, signal)) !== undefined) return 'already there';
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  let size = 0;
  await pipeline(createReadStream(snapshot.file), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      sha256.update(chunk);
      md5.update(chunk);
      size += chunk.length;
    }
  });
  const md5Hex = md5.digest('hex');
  const payload = {
    size,
    sha256: sha256.digest('hex'),
    md5: md5Hex,
    open: () => createReadStream(snapshot.file) as AsyncIterable<Uint8Array>,
  };
  await store.put(key, payload, { digest: `md5:${md5Hex}`, signal });
  return 'stored';
}

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openStore } from '../../src/backends.ts';
import { downloadAll } from '../../src/stores/download.ts';
import type { ObjectStore } from '../../src/stores/object-store.ts';
import type { Clock } from '../../src/stores/retry.ts';
import { readS3Settings } from '../../src/stores/s3-settings.ts';
import type { TransferEvent } from '../../src/stores/transfer-event.ts';
import { makeLimits } from '../../src/stores/transfer-limits.ts';
import { uploadAll } from '../../src/stores/upload.ts';
import { FakeS3Server } from '../fakes/s3-server.ts';
import type { FakeBucket } from '../fakes/s3-server-bucket.ts';

export const never = new AbortController().signal;

/** A clock on which waiting takes no time; `waited` is what it would have taken, in milliseconds. */
export class QuickClock implements Clock {
  waited = 0;
  now(): number {
    return Date.now() + this.waited;
  }
  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.waited += milliseconds;
  }
  random(): number {
    return 1;
  }
}

/** A fake server with a client to it and an empty project, all gone when the test is over. */
export async function startBucket(change: Record<string, string | undefined> = {}) {
  const server = new FakeS3Server();
  await server.start();
  // A folder of its own around the project, so that what leaves the project is seen.
  const around = realpathSync(mkdtempSync(join(tmpdir(), 'ktb-s3-')));
  const root = join(around, 'project');
  mkdirSync(root);
  const clock = new QuickClock();
  const store = await connect({ ...server.env, ...change }, clock);
  onTestFinished(async () => {
    store.close();
    await server.stop();
    rmSync(around, { recursive: true, force: true });
  });
  const path = (name: string) => join(root, name);
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), content);
  };
  return { server, store, root, clock, path, write };
}

export async function connect(
  env: Record<string, string | undefined>,
  clock?: Clock,
  onWait?: (line: string) => void,
): Promise<ObjectStore> {
  const settings = readS3Settings(env, { variables: new Map(), file: undefined });
  if (!settings.ok) throw new Error(settings.diagnostics.map(({ message }) => message).join('; '));
  return await openStore(settings.value, env, clock, onWait);
}

type Bucket = Pick<Awaited<ReturnType<typeof startBucket>>, 'store' | 'root'>;
type Options = Partial<Parameters<typeof uploadAll>[1]>;

/** Parts of 5 MiB, the least that S3 takes, so that tests of parts move little. */
export const fiveMebi = 5 << 20;

export async function move(
  direction: 'upload' | 'download',
  { store, root }: Bucket,
  file: string,
  options: Options = {},
) {
  const events: TransferEvent[] = [];
  const run = direction === 'upload' ? uploadAll : downloadAll;
  const summary = await run(store, {
    file,
    root,
    signal: never,
    limits: makeLimits({ wholeSize: fiveMebi, partSize: fiveMebi }),
    report: (event) => void events.push(event),
    ...options,
  });
  const messages = events.flatMap((event) => ('diagnostic' in event ? [event.diagnostic.message] : []));
  return { summary, events, messages };
}

/** Stores content as an upload in parts does; without `digest`, as another tool would. */
export function putParts(
  bucket: FakeBucket,
  key: string,
  content: Buffer,
  options: { digest: boolean; partSize?: number },
) {
  const { partSize = fiveMebi } = options;
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length; at += partSize) pieces.push(content.subarray(at, at + partSize));
  const leaves = pieces.map((piece) => createHash('sha256').update(piece).digest());
  const digest = `sha256-parts-${partSize}:${createHash('sha256').update(Buffer.concat(leaves)).digest('hex')}`;
  const id = bucket.startUpload(key, options.digest ? { 'x-amz-meta-ktb-digest': digest } : {});
  const parts = pieces.map((piece, index) => ({
    number: index + 1,
    etag: bucket.putPart(id, key, index + 1, piece),
  }));
  return bucket.finishUpload(id, key, parts);
}

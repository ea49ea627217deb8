import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, type Stats } from 'node:fs';
import { runPool } from './budget.ts';
import type { BulkMover } from './bulk-mover.ts';
import { comparePair } from './compare-pair.ts';
import { DigestCache } from './digest-cache.ts';
import { expectationsOf } from './expected-digest.ts';
import { type LocalFile, statLocalFile } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import type { TemporaryFiles } from './temporary-files.ts';
import { partSizeFor, type TransferLimits } from './transfer-limits.ts';

interface Tools {
  readonly mover: BulkMover;
  readonly store: ObjectStore;
  readonly cache: DigestCache;
  readonly limits: TransferLimits;
  readonly signal: AbortSignal;
}

const width = 32;
const ignore = () => {};

/**
 * Uploads by another program, and returns the keys of the files that are in the bucket as they are here: `list` is asked
 * afterwards for what is there.
 */
export async function uploadInBulk(
  files: readonly LocalFile[],
  list: () => Promise<readonly ObjectInfo[]>,
  tools: Tools,
): Promise<ReadonlySet<string>> {
  const { mover, cache, limits, signal } = tools;
  const accepted: (LocalFile & { readonly digest: string })[] = [];
  await runPool(
    files.filter(({ key, path }) => mover.accepts(key, path)),
    width,
    async (file) => {
      const large = file.size > limits.wholeSize;
      const scheme = large
        ? ({ algorithm: 'sha256', partSize: partSizeFor(file.size, limits) } as const)
        : ({ algorithm: 'md5', partSize: undefined } as const);
      // Who cannot be read is told of where we move it ourselves.
      const digest = await cache.digest(file, scheme, signal).catch(unlessStopped(signal));
      if (digest !== undefined) accepted.push({ ...file, digest });
    },
    ignore,
  );
  await mover.upload(accepted, signal);
  const there = new Map((await list()).map((object) => [object.key, object]));
  const right = new Set<string>();
  await runPool(
    accepted,
    width,
    async (file) => {
      const info = there.get(file.key);
      // Not by the digest stored beside it: that is what we said it should be.
      const same =
        info !== undefined && (await isBehindETag(file, info, tools).catch(unlessStopped(signal))) === true;
      const now = statLocalFile(file.key, file.path);
      if (same && now?.mtimeMs === file.mtimeMs && now.size === file.size) right.add(file.key);
    },
    ignore,
  );
  return right;
}

async function isBehindETag(
  file: LocalFile,
  info: ObjectInfo,
  { store, cache, signal }: Tools,
): Promise<boolean> {
  if (info.size !== file.size) return false;
  if (info.size === 0) return true;
  for (const { digest, scheme } of await expectationsOf(info, store, signal))
    if ((await cache.digest(file, scheme, signal)) === digest) return true;
  return false;
}

/** One file's trouble is told of when we move it ourselves; being stopped is another matter. */
function unlessStopped(signal: AbortSignal): () => undefined {
  return () => void signal.throwIfAborted();
}

export interface BulkDownload {
  readonly info: ObjectInfo;
  readonly path: string;
  readonly existing: Stats | undefined;
}

/** Downloads by another program to temporary files, and gives those that are right their names; returns their keys. */
export async function downloadInBulk(
  files: readonly BulkDownload[],
  temporaries: TemporaryFiles,
  tools: Tools & { readonly confirm: (path: string) => void },
): Promise<ReadonlySet<string>> {
  const { mover, store, signal, confirm } = tools;
  // Not the project's: the files have other names now.
  const cache = new DigestCache(undefined, store.name);
  const accepted = files
    .filter(({ info, path }) => mover.accepts(info.key, path))
    .map((file) => ({ ...file, key: file.info.key, temporary: temporaries.name(file.path) }));
  const right = new Set<string>();
  try {
    await mover.download(
      accepted.map(({ key, temporary }) => ({ key, path: temporary })),
      signal,
    );
    await runPool(
      accepted,
      width,
      async ({ key, path, info, existing, temporary }) => {
        const file = statLocalFile(key, temporary);
        const tools = { store, cache, signal };
        if ((await comparePair(file, info, tools).catch(unlessStopped(signal))) !== 'same') return;
        try {
          confirm(path);
          if (existing !== undefined) chmodSync(temporary, existing.mode & 0o777);
          syncFile(temporary);
          renameSync(temporary, path);
          right.add(key);
        } catch {
          // We try ourselves, and tell why it cannot be.
        }
      },
      ignore,
    );
  } finally {
    for (const { temporary } of accepted) rmSync(temporary, { force: true });
  }
  return right;
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

import { hash } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { chmod } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { DigestText } from './digest.ts';
import { checkOf, type Expectation, expectationsOf } from './expected-digest.ts';
import { chunkSize, digestBytes, digestFile } from './file-digest.ts';
import { isSystemError } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { PartialFile } from './partial-file.ts';
import { printable } from './safe-key.ts';
import { StoreError } from './store-error.ts';
import type { TemporaryFiles } from './temporary-files.ts';
import type { TransferLimits } from './transfer-limits.ts';

export interface DownloadTools {
  readonly store: ObjectStore;
  readonly limits: TransferLimits;
  readonly temporaries: TemporaryFiles;
  /** `kept`: so many of them an earlier process had fetched. */
  readonly onBytes: (count: number, kept?: number) => void;
  /** Throws where a path leads somewhere else than when it was chosen. */
  readonly confirm: (path: string) => void;
  readonly signal: AbortSignal;
}

export interface Downloaded {
  readonly info: ObjectInfo;
  /** `undefined` where nothing could be compared but the length. */
  readonly digest: DigestText | undefined;
  /** The file as we wrote it, just before it got its name. */
  readonly written: Stats;
}

const syncFile = promisify(fsync);
const attempts = 4;

/**
 * Downloads an object to a path. The file appears under its name only when every byte is there and the digest is
 * right. An object that is replaced meanwhile, or whose bytes arrive damaged, is fetched again.
 */
export async function downloadFile(
  listed: ObjectInfo,
  path: string,
  existing: Stats | undefined,
  tools: DownloadTools,
): Promise<Downloaded> {
  let info = listed;
  const copies = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    try {
      return info.size <= chunkSize
        ? await tools.limits.bytes.hold(info.size, () => downloadSmall(info, path, existing, tools, copies))
        : await tools.limits.large.hold(1, () => downloadLarge(info, path, existing, tools, copies));
    } catch (error) {
      const bad = error instanceof Damaged || error instanceof Unproven;
      const again = bad || (error instanceof StoreError && error.kind === 'changed');
      if (!again) throw error;
      if (attempt === attempts) throw bad ? notVerified(info, tools.store) : error;
      const now = await tools.store.head(info.key, tools.signal);
      if (now === undefined)
        throw new StoreError('missing', 'S3_NOT_FOUND', `"${printable(info.key)}" is gone`);
      info = now;
    }
  }
}

async function downloadSmall(
  listed: ObjectInfo,
  path: string,
  existing: Stats | undefined,
  tools: DownloadTools,
  copies: Set<string>,
): Promise<Downloaded> {
  const bytes = Buffer.allocUnsafe(listed.size);
  let size = 0;
  // Asking for a range makes servers say how long the whole is, whatever a proxy does to the length of the body.
  const range = listed.size === 0 ? { size: 0 } : { range: { start: 0, end: listed.size } };
  const info = await tools.store.get(listed.key, {
    ...range,
    ifMatch: listed.etag,
    signal: tools.signal,
    write: (chunk) => {
      bytes.set(chunk.subarray(0, bytes.length - size), size);
      size += chunk.length;
    },
  });
  if (size !== listed.size || info.size !== size) throw new Damaged();
  const expectations = await expectationsOf(info, tools.store, tools.signal);
  const digest = expectations.find((each) => digestBytes(bytes, each.scheme) === each.digest)?.digest;
  if (digest === undefined) accept(expectations, copies, hash('sha256', bytes));

  tools.confirm(path);
  const temporary = tools.temporaries.name(path);
  const descriptor = openSync(temporary, 'wx');
  let written: Stats;
  try {
    if (existing !== undefined) fchmodSync(descriptor, existing.mode & 0o777);
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    await syncFile(descriptor);
    written = fstatSync(descriptor);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  tools.onBytes(bytes.length);
  return { info, digest, written };
}

async function downloadLarge(
  listed: ObjectInfo,
  path: string,
  existing: Stats | undefined,
  tools: DownloadTools,
  copies: Set<string>,
): Promise<Downloaded> {
  const { store, limits, temporaries, signal } = tools;
  // The listing tells neither the digest that is stored beside an object nor whether an ETag is a digest.
  const info = await store.head(listed.key, signal, listed.size);
  if (info === undefined)
    throw new StoreError('missing', 'S3_NOT_FOUND', `"${printable(listed.key)}" is gone`);
  const expectations = [...checkOf(info), ...(await expectationsOf(info, store, signal))];
  const [expected] = expectations;
  tools.confirm(path);
  let counted = 0;
  const onBytes = (count: number, kept = 0) => {
    counted += count;
    tools.onBytes(count, kept);
  };
  const names = temporaries.forLarge(path);
  const partial = await PartialFile.open(info, store.name, names, limits, expected?.scheme);
  let done = false;
  try {
    tools.confirm(path);
    onBytes(partial.present, partial.present);
    const hashed = await partial.fetch({ store, parts: limits.parts, onBytes, signal });
    const digest = await verify(partial, info, hashed, expectations, signal);
    if (digest === undefined) {
      const scheme = { algorithm: 'sha256', partSize: undefined } as const;
      accept(expectations, copies, await digestFile(partial.path, info.size, scheme, signal));
    }
    if (!(await partial.isWhole())) throw new Damaged();
    tools.confirm(path);
    const written = await partial.finish(path);
    if (existing !== undefined) await chmod(path, existing.mode & 0o777);
    done = true;
    // What the checksum proves is there, is what the digest was stored of.
    return { info, digest: digest === info.check ? info.digest : digest, written };
  } catch (error) {
    // What is known to be wrong, is gone or lies elsewhere by now, is not kept for resuming, nor what fills the disk up; after a
    // network loss it is.
    const stale =
      error instanceof StoreError &&
      (error.kind === 'changed' ||
        error.kind === 'missing' ||
        error.diagnostics[0]?.code === 'S3_KEY_REFUSED');
    const full = isSystemError(error, 'ENOSPC', 'EDQUOT', 'EFBIG');
    if (error instanceof Damaged || error instanceof Unproven || stale || full) {
      partial.discard();
      tools.onBytes(-counted, -Math.min(counted, partial.present));
    }
    throw error;
  } finally {
    if (!done) await partial.close();
  }
}

async function verify(
  partial: PartialFile,
  info: ObjectInfo,
  hashed: DigestText | undefined,
  expectations: readonly Expectation[],
  signal: AbortSignal,
): Promise<DigestText | undefined> {
  const [first, ...others] = expectations;
  if (first === undefined || hashed === first.digest) return hashed;
  for (const other of others)
    if ((await digestFile(partial.path, info.size, other.scheme, signal)) === other.digest)
      return other.digest;
  return undefined;
}

/** The bytes are not those that were stored. */
class Damaged extends Error {
  override readonly name = 'Damaged';
}

/** Nothing that the store says tells whether the bytes are right. */
class Unproven extends Error {
  override readonly name = 'Unproven';
}

/**
 * Bytes that match nothing the store says of them are wrong where it is sure of what it says. Else, as with parts of
 * another tool's choice, they count when a second copy, fetched for itself, is the same.
 */
function accept(expectations: readonly Expectation[], copies: Set<string>, copy: string): void {
  if (expectations.some(({ guessed }) => !guessed)) throw new Damaged();
  if (copies.has(copy)) return;
  copies.add(copy);
  throw new Unproven();
}

function notVerified(info: ObjectInfo, store: ObjectStore): StoreError {
  return new StoreError(
    'broken',
    'S3_NOT_VERIFIED',
    `"${printable(info.key)}" arrived damaged ${attempts} times from ${store.name}`,
    {
      hint: 'the object itself may be damaged, or a proxy or disk on the way',
    },
  );
}

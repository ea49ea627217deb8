import { hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { DigestScheme, DigestText } from './digest.ts';
import {
  chunkSize,
  combinePieces,
  digestPieces,
  FileChanged,
  readSmallFile,
  smallFile,
} from './file-digest.ts';
import { isUnchanged, type LocalFile, statLocalFile } from './local-file.ts';
import type { ObjectStore, PartUpload, Payload } from './object-store.ts';
import { StoreError } from './store-error.ts';
import { partSizeFor, type TransferLimits } from './transfer-limits.ts';
import type { UploadJournal } from './upload-journal.ts';

export interface UploadTools {
  readonly store: ObjectStore;
  readonly limits: TransferLimits;
  readonly journal: UploadJournal;
  readonly onBytes: (count: number) => void;
  readonly signal: AbortSignal;
}

export interface Uploaded {
  /** The file as it was when its bytes were read. */
  readonly file: LocalFile;
  readonly digest: DigestText;
  readonly etag: string;
}

/** Uploads one file, whole or in parts. A file that changes meanwhile, or arrives damaged, is uploaded again, a few times. */
export async function uploadFile(file: LocalFile, tools: UploadTools): Promise<Uploaded> {
  for (let attempt = 1; ; attempt++) {
    const now = statLocalFile(file.key, file.path);
    if (now === undefined) throw new StoreError('missing', 'S3_FILE_FAILED', `${file.key} is gone`);
    try {
      return now.size > tools.limits.wholeSize
        ? await tools.limits.large.hold(1, () => uploadParts(now, tools))
        : await uploadWhole(now, tools);
    } catch (error) {
      const isDamaged = error instanceof StoreError && error.diagnostics[0]?.code === 'S3_NOT_VERIFIED';
      // Of a whole file the store has tried that already.
      const again = error instanceof FileChanged || (isDamaged && now.size > tools.limits.wholeSize);
      if (!again || attempt === 3) throw error;
    }
  }
}

async function uploadWhole(file: LocalFile, tools: UploadTools): Promise<Uploaded> {
  return await tools.limits.bytes.hold(file.size, async () => {
    const bytes = file.size <= smallFile ? readSmallFile(file.path) : await readWhole(file);
    if (bytes.length !== file.size || changed(file)) throw new FileChanged();
    const md5 = hash('md5', bytes);
    const sha256 = hash('sha256', bytes);
    const digest = `md5:${md5}`;
    const progress = new Progress(tools.onBytes);
    const open = () => (bytes.length <= chunkSize ? [bytes] : slices(bytes, progress));
    const payload: Payload = { size: bytes.length, md5, sha256, open };
    try {
      const etag = await tools.store.put(file.key, payload, { digest, signal: tools.signal });
      progress.at(bytes.length);
      return { file, digest, etag };
    } catch (error) {
      progress.at(0);
      throw error;
    }
  });
}

/**
 * The parts' digests come first: the digest of all is stored when the upload begins, and each part is signed with its
 * own, so that the server refuses one that arrives otherwise. Then the parts are streamed from the file.
 */
async function uploadParts(file: LocalFile, tools: UploadTools): Promise<Uploaded> {
  const { store, journal, signal } = tools;
  const scheme = { algorithm: 'sha256', partSize: partSizeFor(file.size, tools.limits) } as const;
  const handle = await open(file.path);
  try {
    const by = { algorithms: [scheme.algorithm, 'gmac'], partSize: scheme.partSize } as const;
    const [pieces = [], checks = []] = await digestPieces(handle, file.size, by, signal);
    const digest = combinePieces(pieces, scheme);
    const check = combinePieces(checks, { ...scheme, algorithm: 'gmac' });
    const upload = await store.startParts(file.key, { digest, check, signal });
    journal.begin(upload);
    let counted = 0;
    const onBytes = (count: number) => {
      counted += count;
      tools.onBytes(count);
    };
    try {
      await abortStale(upload, tools);
      const etags = await sendParts(upload, handle, file, pieces, { ...tools, onBytes });
      if (changed(file) && !(await hasOnlyGrown(file, handle, digest, scheme, signal)))
        throw new FileChanged();
      const etag = await store.finishParts(upload, etags, signal);
      journal.end(upload);
      return { file, digest, etag };
    } catch (error) {
      tools.onBytes(-counted);
      await giveUp(upload, tools);
      throw error;
    }
  } finally {
    await handle.close();
  }
}

async function sendParts(
  upload: PartUpload,
  handle: FileHandle,
  file: LocalFile,
  pieces: readonly Buffer[],
  { store, limits, journal, onBytes, signal }: UploadTools,
): Promise<string[]> {
  const partSize = partSizeFor(file.size, limits);
  // When one part fails, the others stop: their upload is about to be aborted.
  const others = new AbortController();
  const either = AbortSignal.any([signal, others.signal]);
  const sent = pieces.map((piece, index) =>
    limits.parts.hold(1, async () => {
      either.throwIfAborted();
      const start = index * partSize;
      const size = Math.min(partSize, file.size - start);
      const progress = new Progress(onBytes);
      const payload = {
        size,
        sha256: piece.toString('hex'),
        open: () => readRange(handle, start, start + size, progress),
      };
      const etag = await store.putPart(upload, index + 1, payload, either);
      journal.touch(upload);
      progress.at(size);
      return etag;
    }),
  );
  try {
    return await Promise.all(sent);
  } catch (error) {
    others.abort(error);
    await Promise.allSettled(sent);
    throw changed(file) ? new FileChanged() : error;
  }
}

/**
 * Uploads of this key that somebody of ours began more than a day ago and never ended, as a pod that was killed does:
 * they take space that no listing shows. One that has got a part since may be a large file on a slow line, or another's:
 * some servers name one initiator for all. All times are the server's, so no clock can mislead.
 */
async function abortStale(upload: PartUpload, { store, signal }: UploadTools): Promise<void> {
  const pending = await store.listParts(upload.key, signal);
  const own = pending.find(({ id }) => id === upload.id);
  if (own === undefined || own.initiator === '') return;
  for (const other of pending) {
    const ours = other.key === own.key && other.initiator === own.initiator;
    const isOld = (time: string) => Date.parse(own.initiated) - Date.parse(time) > 24 * 3_600_000;
    if (!ours || !isOld(other.initiated)) continue;
    const newest = await store.newestPart(other, signal).catch(() => own.initiated);
    if (isOld(newest ?? other.initiated)) await store.abortParts(other, signal);
  }
}

/** Aborts an upload even when we were told to stop, within a few seconds; the journal keeps what could not be. */
async function giveUp(upload: PartUpload, { store, journal }: UploadTools): Promise<void> {
  try {
    await store.abortParts(upload, AbortSignal.timeout(5_000));
    journal.end(upload);
  } catch {
    // The error that brought us here is the one to tell; the next upload cleans up.
  }
}

/** Whether what was sent is still how the file begins, as with a log: that is a state which it had. */
async function hasOnlyGrown(
  file: LocalFile,
  handle: FileHandle,
  digest: DigestText,
  scheme: DigestScheme,
  signal: AbortSignal,
): Promise<boolean> {
  const now = statLocalFile(file.key, file.path);
  if (now === undefined || now.ino !== file.ino || now.size <= file.size) return false;
  const by = { algorithms: [scheme.algorithm], partSize: scheme.partSize };
  const [pieces = []] = await digestPieces(handle, file.size, by, signal);
  return combinePieces(pieces, scheme) === digest;
}

async function* readRange(
  handle: FileHandle,
  start: number,
  end: number,
  progress: Progress,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(chunkSize, end - start));
  for (let at = start; at < end; ) {
    progress.at(at - start);
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) throw new FileChanged();
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

function* slices(bytes: Uint8Array, progress: Progress): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkSize) {
    progress.at(at);
    yield bytes.subarray(at, at + chunkSize);
  }
}

/** Tells how many more bytes of one body have left; those of an attempt that failed are taken back by the next. */
class Progress {
  readonly #onBytes: (count: number) => void;
  #counted = 0;

  constructor(onBytes: (count: number) => void) {
    this.#onBytes = onBytes;
  }

  at(position: number): void {
    if (position !== this.#counted) this.#onBytes(position - this.#counted);
    this.#counted = position;
  }
}

async function readWhole(file: LocalFile): Promise<Buffer> {
  const handle = await open(file.path);
  try {
    const bytes = Buffer.allocUnsafe(file.size);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at);
      if (bytesRead === 0) throw new FileChanged();
      at += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

function changed(file: LocalFile): boolean {
  const now = statLocalFile(file.key, file.path);
  return now === undefined || !isUnchanged(file, now);
}

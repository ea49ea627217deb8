import { constants, renameSync, rmSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Budget } from './budget.ts';
import { createContentHash } from './content-hash.ts';
import type { DigestScheme, DigestText } from './digest.ts';
import { chunkSize, combinePieces } from './file-digest.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { RangeList } from './range-list.ts';
import { RangeWriter } from './range-writer.ts';
import { partSizeFor, type TransferLimits } from './transfer-limits.ts';

interface Fetch {
  readonly store: ObjectStore;
  readonly parts: Budget;
  readonly onBytes: (count: number) => void;
  readonly signal: AbortSignal;
}

/**
 * A large file while it comes in: ranges in parallel, each written in its place, and a list beside it of the ranges
 * that are there, so that another process can go on after a kill. The list may be wrong after a power cut; the digest
 * over the whole decides in the end, and what an earlier process left goes into it as the file holds it.
 */
export class PartialFile {
  readonly path: string;
  /** Bytes that an earlier process had fetched. */
  readonly present: number;
  readonly #list: RangeList;
  readonly #info: ObjectInfo;
  readonly #file: FileHandle;
  readonly #rangeSize: number;
  readonly #scheme: DigestScheme | undefined;
  readonly #have: boolean[];
  /** Of the ranges that this process fetched, where each is one piece of the digest. */
  readonly #digests: (Buffer | undefined)[] = [];
  /** Settles when the disk has what it was given last. */
  #syncing: Promise<void> | undefined;
  /** Called when a range has come in, for the one who hashes. */
  #arrived: () => void = () => {};

  private constructor(
    list: RangeList,
    file: FileHandle,
    info: ObjectInfo,
    rangeSize: number,
    scheme: DigestScheme | undefined,
    have: readonly number[],
  ) {
    this.#list = list;
    this.path = `${list.name}.part`;
    this.#file = file;
    this.#info = info;
    this.#rangeSize = rangeSize;
    this.#scheme = scheme;
    const count = Math.ceil(info.size / rangeSize);
    this.#have = Array.from({ length: count }, (_, index) => have.includes(index));
    this.present = this.#have.reduce((sum, has, index) => sum + (has ? this.#sizeOf(index) : 0), 0);
  }

  /**
   * @param store its name
   * @param names where a later process can resume, and a name of our own for where another one is at it
   * @param scheme undefined: nothing will prove the content, so nothing an earlier process left is trusted
   */
  static async open(
    info: ObjectInfo,
    store: string,
    names: { readonly resumable: string; readonly own: string },
    limits: TransferLimits,
    scheme: DigestScheme | undefined,
  ): Promise<PartialFile> {
    const rangeSize = rangeSizeFor(info.size, scheme, limits);
    const version = { store, key: info.key, etag: info.etag, size: info.size, rangeSize };
    const list = RangeList.claim(names, version, scheme !== undefined);
    try {
      const left = list.have.length > 0 ? await openLeft(`${list.name}.part`) : undefined;
      const file = left ?? (await openNew(`${list.name}.part`));
      return new PartialFile(list, file, info, rangeSize, scheme, left === undefined ? [] : list.have);
    } catch (error) {
      list.remove();
      throw error;
    }
  }

  /** Fetches what is missing. Returns the digest of what is in the file, by the scheme it was opened with. */
  async fetch(fetch: Fetch): Promise<DigestText | undefined> {
    const failed = new AbortController();
    const signal = AbortSignal.any([fetch.signal, failed.signal]);
    const fetched = this.#have.map(async (has, index) => {
      if (has) return;
      await fetch.parts.hold(1, async () => await this.#fetchRange(index, { ...fetch, signal }));
      this.#list.add(index);
      this.#have[index] = true;
      this.#arrived();
      this.#syncEarly();
    });
    const hashing = this.#hash(signal);
    // Settled is what both must be before the file is closed, whichever fails.
    const all = [...fetched, hashing].map((each) =>
      each.catch((error: unknown) => {
        failed.abort(error);
        this.#arrived();
        throw error;
      }),
    );
    await Promise.allSettled(all);
    fetch.signal.throwIfAborted();
    if (failed.signal.aborted) throw failed.signal.reason;
    return await hashing;
  }

  /** Whether the file is as long as the object: digests are of what came in, and this is of what is on the disk. */
  async isWhole(): Promise<boolean> {
    return (await this.#file.stat()).size === this.#info.size;
  }

  /** Lets the disk begin with what is there while the rest comes in; whether it went well, the end will tell. */
  #syncEarly(): void {
    this.#syncing ??= this.#file
      .datasync()
      .catch(() => {})
      .then(() => {
        this.#syncing = undefined;
      });
  }

  /** Gives the file its name, with all of it on the disk. Returns what it was just before. */
  async finish(path: string): Promise<Stats> {
    await this.#syncing;
    await this.#file.sync();
    const stats = await this.#file.stat();
    await this.#file.close();
    try {
      renameSync(this.path, path);
    } catch (error) {
      // It is whole: what is in the way will be there at the next try, too.
      rmSync(this.path, { force: true });
      throw error;
    } finally {
      this.#list.remove();
    }
    return stats;
  }

  discard(): void {
    rmSync(this.path, { force: true });
    this.#list.remove();
  }

  async close(): Promise<void> {
    await this.#syncing;
    await this.#file.close().catch(() => undefined);
    this.#list.release();
  }

  async #fetchRange(index: number, { store, onBytes, signal }: Fetch): Promise<void> {
    signal.throwIfAborted();
    const start = index * this.#rangeSize;
    // Hashed as it comes in where a range is a piece of the digest: reading all of it back would cost as much again.
    const algorithm = this.#scheme?.partSize === this.#rangeSize ? this.#scheme.algorithm : undefined;
    const writer = new RangeWriter(this.#file.fd, start, algorithm, onBytes);
    await store.get(this.#info.key, {
      range: { start, end: start + this.#sizeOf(index) },
      ifMatch: this.#info.etag,
      signal,
      write: (chunk) => writer.add(chunk),
    });
    const digest = writer.end();
    if (digest !== undefined) this.#digests[index] = digest;
  }

  /** Follows the ranges as they come in; those that were not hashed then are read back from the file, in order. */
  async #hash(signal: AbortSignal): Promise<DigestText | undefined> {
    const scheme = this.#scheme;
    if (scheme === undefined) return undefined;
    const partSize = scheme.partSize ?? this.#info.size;
    await this.#waitFor(0, signal);
    const buffer = Buffer.allocUnsafe(chunkSize);
    const pieces: Buffer[] = [];
    let hash = createContentHash(scheme.algorithm);
    for (let at = 0; at < this.#info.size; ) {
      const range = Math.floor(at / this.#rangeSize);
      await this.#waitFor(range, signal);
      const digest = this.#digests[range];
      if (digest !== undefined) {
        pieces.push(digest);
        at += this.#sizeOf(range);
        continue;
      }
      const endOfPiece = (Math.floor(at / partSize) + 1) * partSize;
      const endOfRange = (range + 1) * this.#rangeSize;
      const end = Math.min(endOfPiece, endOfRange, this.#info.size, at + buffer.length);
      const { bytesRead } = await this.#file.read(buffer, 0, end - at, at);
      // A list of ranges that promises more than the file holds: what was hashed so far is as wrong as the rest.
      if (bytesRead === 0) return undefined;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
      if (at === endOfPiece || at === this.#info.size) {
        pieces.push(hash.digest());
        hash = createContentHash(scheme.algorithm);
      }
    }
    return combinePieces(pieces, scheme);
  }

  async #waitFor(index: number, signal: AbortSignal): Promise<void> {
    while (this.#have[index] !== true) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    signal.throwIfAborted();
  }

  #sizeOf(index: number): number {
    return Math.min(this.#rangeSize, this.#info.size - index * this.#rangeSize);
  }
}

/** The pieces of the digest where these are of a size to fetch at once, so that each is hashed as it comes in. */
function rangeSizeFor(size: number, scheme: DigestScheme | undefined, limits: TransferLimits): number {
  const usual = partSizeFor(size, limits);
  const pieces = scheme?.partSize ?? 0;
  return pieces >= usual / 4 && pieces <= usual * 4 ? pieces : usual;
}

/** What an earlier process left, where that is a file of our own; never through a link. */
async function openLeft(path: string): Promise<FileHandle | undefined> {
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW).catch(() => undefined);
  const info = await file?.stat();
  if (info?.isFile() === true && info.nlink === 1 && info.uid === process.getuid?.()) return file;
  await file?.close();
  return undefined;
}

/** The name can be foretold, so what is there may be anything. */
async function openNew(path: string): Promise<FileHandle> {
  rmSync(path, { force: true, recursive: true });
  return await open(path, 'wx+');
}

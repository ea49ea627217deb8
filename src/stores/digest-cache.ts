import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DigestScheme, type DigestText, formatDigestScheme } from './digest.ts';
import { digestFile } from './file-digest.ts';
import type { LocalFile } from './local-file.ts';
import type { ObjectInfo } from './object-store.ts';
import { RecordFile } from './record-file.ts';

/** Path, size, mtime, ctime, inode, digests, and the object that the file is known to be equal to, where its ETag is no digest. */
type Entry = [string, number, number, number, number, DigestText[], KnownObject?];

/** Where it is kept, its key and its ETag. Another store may give the same ETag to something else. */
type KnownObject = readonly [store: string, key: string, etag: string];

/** Fewer files and bytes than these are read again sooner than remembered. */
const worthRemembering = { files: 200, bytes: 4 << 20 };

/**
 * Digests of local files, so that a sync with nothing to do need not read them. Like git's index: an entry counts while
 * size, both times and inode are what they were, and was taken late enough after the last write that another one
 * would have moved the clock on. A copied-back mtime does not fool it, since ctime cannot be set.
 */
export class DigestCache {
  readonly #file: RecordFile<Entry> | undefined;
  readonly #store: string;
  /** What the file holds; read when it is first asked for. */
  #saved: Map<string, Entry> | undefined;
  /** What the file does not hold yet. */
  readonly #fresh = new Map<string, Entry>();

  /** `file` undefined: remembers for this run only. `store`: the name of the one that ETags are of. */
  constructor(file: string | undefined, store: string) {
    this.#file = file === undefined ? undefined : new RecordFile(file, 3);
    this.#store = store;
  }

  /** The file of a project's cache. */
  static path(root: string): string {
    return join(root, '.toolbox', 's3', 'digests.json');
  }

  /** The digest where it is remembered. */
  known(file: LocalFile, scheme: DigestScheme): DigestText | undefined {
    const prefix = `${formatDigestScheme(scheme)}:`;
    return this.#find(file)?.[5].find((digest) => digest.startsWith(prefix));
  }

  async digest(file: LocalFile, scheme: DigestScheme, signal: AbortSignal): Promise<DigestText> {
    const known = this.known(file, scheme);
    if (known !== undefined) return known;
    const digest = await digestFile(file.path, file.size, scheme, signal);
    this.remember(file, digest);
    return digest;
  }

  /** Whether the file is known to be equal to the object of its key, as it is listed. */
  knowsEqual(file: LocalFile, { etag, digest }: Pick<ObjectInfo, 'etag' | 'digest'>): boolean {
    const entry = this.#find(file);
    if (digest !== undefined && entry?.[5].includes(digest) === true) return true;
    const [store, key, known] = entry?.[6] ?? [];
    return etag !== '' && known === etag && store === this.#store && key === file.key;
  }

  /**
   * `file` as it was before its content was read or, with `written`, right after we wrote it: then only file systems
   * with coarse times leave room for another write that would not show.
   */
  remember(file: LocalFile, digest: DigestText | undefined, etag?: string, written = false): void {
    if (!isSettled(file, written ? 0 : 50)) return;
    // Not worth reading what is saved.
    const before = this.#find(file, this.#saved ?? new Map());
    const digests = new Set(before?.[5]);
    if (digest !== undefined) digests.add(digest);
    const entry: Entry = [file.path, file.size, file.mtimeMs, file.ctimeMs, file.ino, [...digests]];
    const told = etag !== undefined && digest !== `md5:${etag}`;
    const equal = told ? ([this.#store, file.key, etag] as const) : before?.[6];
    if (equal !== undefined) entry.push(equal);
    this.#fresh.set(file.path, entry);
  }

  /** Writes what is new. A cache that cannot be written is no error. */
  save(): void {
    if (this.#file === undefined || this.#fresh.size === 0) return;
    try {
      const { state } = this.#file;
      if (state === 'absent' && !this.#isWorthRemembering()) return;
      if (state === 'good') this.#file.add(this.#fresh.values());
      else this.#file.write(this.#current());
    } catch {
      return;
    }
    for (const [path, entry] of this.#fresh) this.#saved?.set(path, entry);
    this.#fresh.clear();
  }

  #isWorthRemembering(): boolean {
    let bytes = 0;
    for (const [, size] of this.#fresh.values()) bytes += size;
    return this.#fresh.size >= worthRemembering.files || bytes >= worthRemembering.bytes;
  }

  /** All but what is of files that are gone, which would pile up. */
  *#current(): Generator<Entry> {
    for (const [path, entry] of this.#load()) if (!this.#fresh.has(path) && existsSync(path)) yield entry;
    yield* this.#fresh.values();
  }

  #find(file: LocalFile, saved = this.#load()): Entry | undefined {
    const entry = this.#fresh.get(file.path) ?? saved.get(file.path);
    const same =
      entry !== undefined &&
      entry[1] === file.size &&
      entry[2] === file.mtimeMs &&
      entry[3] === file.ctimeMs &&
      entry[4] === file.ino &&
      // The file is anybody's to change.
      Array.isArray(entry[5]);
    return same ? entry : undefined;
  }

  #load(): Map<string, Entry> {
    this.#saved ??= this.#file?.read() ?? new Map();
    return this.#saved;
  }
}

/** Whether a write after the file was looked at would show: file systems keep times as coarse as two seconds. */
function isSettled(file: LocalFile, fine: number): boolean {
  const last = Math.max(file.mtimeMs, file.ctimeMs);
  const coarse = Number.isInteger(file.mtimeMs) && Number.isInteger(file.ctimeMs);
  return file.lookedAt - last > (coarse ? 2_500 : fine - 1);
}

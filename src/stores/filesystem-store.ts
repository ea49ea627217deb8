import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import chunk from 'lodash/chunk.js';
import { FilesystemParts, missing } from './filesystem-parts.ts';
import { isSystemError } from './local-file.ts';
import type {
  DeleteFailure,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  PartUpload,
  Payload,
  PendingUpload,
  PutOptions,
} from './object-store.ts';
import { compareKeys } from './s3-listing.ts';
import { whyUnsafe } from './safe-key.ts';
import { StoreError } from './store-error.ts';

/** Where unfinished writes and parts are kept; never listed. */
const workFolder = '.ktb-store';

/**
 * A folder as a bucket, such as a share that all machines of a lab mount: `S3_ENDPOINT_URL=file:///mnt/lab`. Keys are
 * paths; an ETag is made of size, time and inode, so `head` and `get` read the file to tell its digest.
 */
export class FilesystemStore implements ObjectStore {
  readonly name: string;
  readonly #root: string;
  readonly #parts: FilesystemParts;

  constructor(root: string) {
    this.#root = root;
    this.#parts = new FilesystemParts(join(root, workFolder));
    this.name = `folder ${root}`;
  }

  async *list(options: ListOptions): AsyncGenerator<ListPage> {
    const shallow = options.shallow === true;
    const folder = options.prefix.slice(0, options.prefix.lastIndexOf('/') + 1);
    const objects: ObjectInfo[] = [];
    const folders: string[] = [];
    const walk = async (prefix: string): Promise<void> => {
      options.signal.throwIfAborted();
      for (const entry of await this.#entries(prefix)) {
        const key = `${prefix}${entry.name}`;
        if (prefix === '' && entry.name === workFolder) continue;
        if (entry.isDirectory()) {
          const below = `${key}/`;
          if (shallow && below.startsWith(options.prefix) && below !== options.prefix) folders.push(below);
          else if (below.startsWith(options.prefix) || options.prefix.startsWith(below)) await walk(below);
        } else if (entry.isFile() && key.startsWith(options.prefix)) {
          const info = await this.#stat(key);
          if (info !== undefined) objects.push(info);
        }
      }
    };
    await walk(folder);
    objects.sort((left, right) => compareKeys(left.key, right.key));
    folders.sort(compareKeys);
    const [first = [], ...rest] = chunk(objects, 1000);
    yield { objects: first, folders };
    for (const page of rest) yield { objects: page, folders: [] };
  }

  async head(key: string, signal: AbortSignal): Promise<ObjectInfo | undefined> {
    signal.throwIfAborted();
    const info = await this.#stat(key);
    if (info === undefined) return undefined;
    const hash = createHash('md5');
    await pipeline(createReadStream(this.#path(key)), hash, { signal });
    return { ...info, digest: `md5:${hash.digest('hex')}` };
  }

  async get(key: string, options: GetOptions): Promise<ObjectInfo> {
    const info = await this.head(key, options.signal);
    if (info === undefined) throw missing(key);
    const { start, end } = options.range ?? { start: 0, end: info.size };
    if (end > info.size || (options.ifMatch !== undefined && options.ifMatch !== info.etag))
      throw changed(key);
    options.onDetails?.(info);
    if (end > start) {
      const stream = createReadStream(this.#path(key), { start, end: end - 1, signal: options.signal });
      for await (const chunk of stream) await options.write(chunk as Buffer);
    }
    if ((await this.#stat(key))?.etag !== info.etag) throw changed(key);
    return info;
  }

  async put(key: string, payload: Payload, options: PutOptions): Promise<string> {
    return await this.#write(key, payload.open(), options.signal);
  }

  async delete(keys: readonly string[], signal: AbortSignal): Promise<readonly DeleteFailure[]> {
    const failures: DeleteFailure[] = [];
    for (const key of keys) {
      signal.throwIfAborted();
      try {
        await rm(this.#path(key), { force: true });
        await this.#dropEmptyFolders(dirname(key));
      } catch (error) {
        failures.push({ key, why: error instanceof Error ? error.message : String(error) });
      }
    }
    return failures;
  }

  async startParts(key: string, options: PutOptions): Promise<PartUpload> {
    options.signal.throwIfAborted();
    this.#path(key);
    return await this.#parts.start(key);
  }

  async putPart(upload: PartUpload, number: number, payload: Payload, signal: AbortSignal): Promise<string> {
    return await this.#parts.put(upload, number, payload, signal);
  }

  async finishParts(upload: PartUpload, etags: readonly string[], signal: AbortSignal): Promise<string> {
    const etag = await this.#write(upload.key, await this.#parts.join(upload, etags.length), signal);
    await this.#parts.remove(upload);
    return etag;
  }

  async abortParts(upload: PartUpload): Promise<void> {
    await this.#parts.remove(upload);
  }

  async newestPart(upload: PartUpload): Promise<string | undefined> {
    return await this.#parts.newest(upload);
  }

  async listParts(prefix: string): Promise<readonly PendingUpload[]> {
    return await this.#parts.list(prefix);
  }

  async partSize(): Promise<undefined> {
    return undefined;
  }

  close(): void {}

  #path(key: string): string {
    const why = whyUnsafe(key) ?? (key.endsWith('/') ? 'it names a folder' : undefined);
    if (why !== undefined || key.split('/')[0] === workFolder)
      throw new StoreError(
        'refused',
        'S3_KEY_REFUSED',
        `"${key}" cannot be a file: ${why ?? 'the name is taken'}`,
      );
    return join(this.#root, key);
  }

  async #entries(prefix: string) {
    try {
      return await readdir(join(this.#root, prefix), { withFileTypes: true });
    } catch (error) {
      // A prefix that is no folder has nothing below; the root must be there, or all would seem deleted.
      const absent = isSystemError(error, 'ENOENT', 'ENOTDIR');
      if (absent && prefix !== '') return [];
      throw new StoreError('settings', 'S3_NO_BUCKET', `cannot read ${this.name}`, { cause: error });
    }
  }

  async #stat(key: string): Promise<ObjectInfo | undefined> {
    try {
      const info = await stat(this.#path(key));
      if (!info.isFile()) return undefined;
      const etag = `${info.size}-${info.mtimeMs}-${info.ctimeMs}-${info.ino}`;
      return { key, size: info.size, etag, modified: info.mtime.toISOString() };
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  async #write(
    key: string,
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<string> {
    const path = this.#path(key);
    const work = join(this.#root, workFolder);
    await mkdir(work, { recursive: true });
    const temporary = join(work, `${randomBytes(8).toString('hex')}.part`);
    const file = await open(temporary, 'wx');
    try {
      for await (const piece of pieces) {
        signal.throwIfAborted();
        await file.write(piece);
      }
      await file.sync();
      await file.close();
      await mkdir(dirname(path), { recursive: true });
      await rename(temporary, path);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true });
      if (isSystemError(error, 'EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY'))
        throw new StoreError('refused', 'S3_KEY_REFUSED', `"${key}" would be a file and a folder`, {
          cause: error,
        });
      throw error;
    }
    return (await this.#stat(key))?.etag ?? '';
  }

  async #dropEmptyFolders(folder: string): Promise<void> {
    for (let at = folder; at !== '.'; at = dirname(at)) {
      try {
        await rmdir(join(this.#root, at));
      } catch {
        return;
      }
    }
  }
}

function changed(key: string): StoreError {
  return new StoreError('changed', 'S3_CHANGED', `"${key}" was replaced while it was being read`);
}

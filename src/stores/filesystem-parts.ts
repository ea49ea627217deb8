import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from './local-file.ts';
import type { PartUpload, Payload, PendingUpload } from './object-store.ts';
import { StoreError } from './store-error.ts';

/** Uploads in parts to a folder: each is a folder with a file for every part, and one that holds the key. */
export class FilesystemParts {
  readonly #folder: string;

  /** `folder` is for these alone; it need not exist. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(key: string): Promise<PartUpload> {
    const id = `${Buffer.from(key).toString('hex').slice(0, 60)}-${randomBytes(8).toString('hex')}`;
    await mkdir(join(this.#folder, id), { recursive: true });
    const file = await open(join(this.#folder, id, 'key'), 'wx');
    await file.writeFile(key).finally(() => file.close());
    return { key, id };
  }

  async put(upload: PartUpload, number: number, payload: Payload, signal: AbortSignal): Promise<string> {
    const hash = createHash('md5');
    const path = join(this.#folder, upload.id, String(number));
    const file = await open(path, 'w').catch((error: unknown) => Promise.reject(gone(error, upload)));
    try {
      for await (const piece of payload.open()) {
        signal.throwIfAborted();
        hash.update(piece);
        await file.write(piece);
      }
    } finally {
      await file.close();
    }
    return hash.digest('hex');
  }

  /** The bytes of all parts, which must be `count`, one after another. */
  async join(upload: PartUpload, count: number): Promise<AsyncIterable<Uint8Array>> {
    if ((await this.#numbers(upload)).length !== count)
      throw new StoreError('refused', 'S3_REFUSED', `"${upload.key}" lacks parts`);
    const folder = join(this.#folder, upload.id);
    return (async function* parts() {
      for (let number = 1; number <= count; number++)
        yield* createReadStream(join(folder, String(number))) as AsyncIterable<Uint8Array>;
    })();
  }

  async remove(upload: PartUpload): Promise<void> {
    await rm(join(this.#folder, upload.id), { recursive: true, force: true });
  }

  /** When the newest part was put, ISO 8601; `undefined` where there is none. */
  async newest(upload: PartUpload): Promise<string | undefined> {
    const parts = (await this.#numbers(upload)).map((name) => join(this.#folder, upload.id, name));
    const times = await Promise.all(parts.map(async (part) => (await stat(part)).mtimeMs));
    return times.length === 0 ? undefined : new Date(Math.max(...times)).toISOString();
  }

  async list(prefix: string): Promise<readonly PendingUpload[]> {
    const found: PendingUpload[] = [];
    for (const id of await readdir(this.#folder).catch(() => [])) {
      const file = join(this.#folder, id, 'key');
      const info = await stat(file).catch(() => undefined);
      if (info === undefined) continue;
      const handle = await open(file);
      const key = await handle.readFile('utf8').finally(() => handle.close());
      if (key.startsWith(prefix))
        found.push({ key, id, initiator: String(info.uid), initiated: info.mtime.toISOString() });
    }
    return found;
  }

  async #numbers(upload: PartUpload): Promise<string[]> {
    const folder = join(this.#folder, upload.id);
    const names = await readdir(folder).catch((error: unknown) => Promise.reject(gone(error, upload)));
    return names.filter((name) => name !== 'key');
  }
}

export function missing(key: string): StoreError {
  return new StoreError('missing', 'S3_NOT_FOUND', `there is no "${key}"`);
}

function gone(error: unknown, upload: PartUpload): unknown {
  return isSystemError(error, 'ENOENT') ? missing(upload.key) : error;
}

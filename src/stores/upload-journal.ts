import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore, PartUpload } from './object-store.ts';
import { StoreError } from './store-error.ts';

/** What is written down about a part upload while it is under way. */
interface Entry extends PartUpload {
  /** The store's name, so that another bucket's are left alone. */
  readonly store: string;
  readonly host: string;
  readonly pid: number;
}

/**
 * The part uploads that this project has under way, one small file each below `.toolbox/s3/uploads/`. What a killed
 * process left behind is aborted by the next.
 */
export class UploadJournal {
  readonly #folder: string;
  readonly #store: string;

  constructor(root: string, store: ObjectStore) {
    this.#folder = join(root, '.toolbox', 's3', 'uploads');
    this.#store = store.name;
  }

  begin(upload: PartUpload): void {
    const entry: Entry = { ...upload, store: this.#store, host: hostname(), pid: process.pid };
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(this.#path(upload), JSON.stringify(entry));
    } catch {
      // A project that cannot be written to is uploaded all the same; only the clean-up after a kill is lost.
    }
  }

  end(upload: PartUpload): void {
    rmSync(this.#path(upload), { force: true });
  }

  /** Aborts what processes of this machine that are no more had begun. Returns how many. */
  async cleanUp(store: ObjectStore, signal: AbortSignal): Promise<number> {
    let count = 0;
    for (const entry of this.#read()) {
      if (entry.store !== this.#store || entry.host !== hostname() || isRunning(entry.pid)) continue;
      try {
        await store.abortParts(entry, signal);
      } catch (error) {
        if (!(error instanceof StoreError) || error.fatal) throw error;
        continue;
      }
      this.end(entry);
      count++;
    }
    return count;
  }

  #read(): Entry[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder);
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      try {
        return [JSON.parse(readFileSync(join(this.#folder, name), 'utf8')) as Entry];
      } catch {
        // Another process is writing or has just removed it.
        return [];
      }
    });
  }

  #path(upload: PartUpload): string {
    const name = createHash('sha256').update(`${this.#store}\n${upload.id}`).digest('hex').slice(0, 24);
    return join(this.#folder, `${name}.json`);
  }
}

/** Whether a process of this machine runs; one of another user counts. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

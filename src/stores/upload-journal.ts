import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectStore, PartUpload } from './object-store.ts';
import { fateOf, type Owner, ourselves } from './owner.ts';
import { StoreError } from './store-error.ts';

/** What is written down about a part upload while it is under way. */
interface Entry extends PartUpload, Owner {
  /** The store's name, so that another bucket's are left alone. */
  readonly store: string;
}

/** What says nothing of itself for so long is given up, where nothing else tells. A part takes less. */
const patience = 3_600_000;

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
    const entry: Entry = { ...upload, ...ourselves, store: this.#store };
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(this.#path(upload), JSON.stringify(entry));
    } catch {
      // A project that cannot be written to is uploaded all the same; only the clean-up after a kill is lost.
    }
  }

  /** The upload goes on: others, who may see this entry and not our process, leave it alone. */
  touch(upload: PartUpload): void {
    const now = new Date();
    try {
      utimesSync(this.#path(upload), now, now);
    } catch {
      // As above.
    }
  }

  end(upload: PartUpload): void {
    rmSync(this.#path(upload), { force: true });
  }

  /** Aborts what processes that are no more had begun. Returns how many. */
  async cleanUp(store: ObjectStore, signal: AbortSignal): Promise<number> {
    let count = 0;
    for (const { entry, path } of this.#read()) {
      if (entry.store !== this.#store || !isGivenUp(entry, path)) continue;
      try {
        await store.abortParts(entry, signal);
      } catch (error) {
        if (!(error instanceof StoreError) || error.fatal) throw error;
        continue;
      }
      rmSync(path, { force: true });
      count++;
    }
    return count;
  }

  #read(): { readonly entry: Entry; readonly path: string }[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder);
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      try {
        const path = join(this.#folder, name);
        return [{ entry: JSON.parse(readFileSync(path, 'utf8')) as Entry, path }];
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

function isGivenUp(entry: Entry, path: string): boolean {
  const fate = fateOf(entry);
  if (fate !== 'unknown') return fate === 'gone';
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - written > patience;
}

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { runPool } from './budget.ts';
import { comparePair } from './compare-pair.ts';
import { DigestCache } from './digest-cache.ts';
import { uploadFile } from './file-upload.ts';
import { findObjects } from './find-objects.ts';
import { findLocalFiles, isUnchanged, type LocalFile } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import type { Clock } from './retry.ts';
import type { Selection } from './selection.ts';
import { StoreError } from './store-error.ts';
import type { TransferEvent } from './transfer-event.ts';
import { makeLimits } from './transfer-limits.ts';
import { guard } from './upload.ts';
import { UploadJournal } from './upload-journal.ts';

export type MonitorEvent =
  | TransferEvent
  | { readonly type: 'watching'; readonly files: number }
  | { readonly type: 'removed'; readonly key: string }
  /** The server cannot be reached, or the folder is gone; both are waited for. */
  | { readonly type: 'waiting'; readonly diagnostic: Diagnostic | undefined }
  | { readonly type: 'resumed' };

export interface MonitorOptions {
  readonly store: ObjectStore;
  readonly selection: Selection;
  readonly root: string;
  readonly project: string;
  /** Milliseconds between two looks at the folder. */
  readonly interval: number;
  readonly clock: Clock;
  readonly report: (event: MonitorEvent) => void;
  readonly signal: AbortSignal;
}

/** What is known of a key that was seen in the folder. */
interface Watched {
  readonly file: LocalFile;
  /** Looks in a row at which it was as it is. */
  quiet: number;
  /** Looks in a row at which it was not there. */
  missing: number;
  /** Whether the bucket has it as it is. */
  synced: boolean;
}

/**
 * Keeps a folder's objects as its files are: uploads what has stopped changing, and removes what was removed while it
 * watched. Looks at the folder again and again rather than listening to the system, which works on every file system,
 * mounted ones too. Runs until the signal is aborted, or throws what waiting cannot mend.
 */
export class FolderMonitor {
  readonly #options: MonitorOptions;
  readonly #cache: DigestCache;
  readonly #journal: UploadJournal;
  readonly #watched = new Map<string, Watched>();
  #remote: Map<string, ObjectInfo> | undefined;
  #waits = 0;
  #told = false;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#cache = new DigestCache(DigestCache.path(options.project), options.clock.now);
    this.#journal = new UploadJournal(options.project, options.store);
  }

  async run(): Promise<void> {
    const { clock, interval, signal } = this.#options;
    try {
      while (!signal.aborted) {
        const well = await this.#look();
        const pause = well ? interval : Math.min(60_000, interval * 2 ** Math.min(this.#waits, 6));
        await clock.sleep(pause, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#cache.save();
    }
  }

  /** One look, and what follows from it. False: something has to be waited for. */
  async #look(): Promise<boolean> {
    const { store, selection, root, report, signal } = this.#options;
    try {
      if (this.#remote === undefined) {
        await this.#journal.cleanUp(store, signal);
        const objects = await findObjects(store, selection, signal);
        this.#remote = new Map(objects.map((object) => [object.key, object]));
      }
      // Without its folder all files would seem removed; a folder that is not mounted is no wish to delete.
      if (!isFolder(join(root, selection.folder))) return this.#wait(undefined);
      const { files, ignored, refused } = await findLocalFiles(root, selection, signal);
      if (!this.#told) {
        this.#told = true;
        report({ type: 'watching', files: files.length });
        for (const diagnostic of [...ignored, ...refused]) report({ type: 'skipped', diagnostic });
      }
      this.#note(files);
      await this.#upload(this.#remote);
      await this.#remove();
    } catch (error) {
      if (signal.aborted || !(error instanceof StoreError) || error.kind !== 'unreachable') throw error;
      return this.#wait(error.diagnostics[0]);
    }
    if (this.#waits > 0) report({ type: 'resumed' });
    this.#waits = 0;
    return true;
  }

  #note(files: readonly LocalFile[]): void {
    const present = new Set<string>();
    for (const file of files) {
      present.add(file.key);
      const known = this.#watched.get(file.key);
      const same = known !== undefined && known.missing === 0 && isUnchanged(known.file, file);
      if (same) known.quiet++;
      else this.#watched.set(file.key, { file, quiet: 0, missing: 0, synced: false });
    }
    for (const [key, watched] of this.#watched) if (!present.has(key)) watched.missing++;
  }

  async #upload(remote: Map<string, ObjectInfo>): Promise<void> {
    const { store, report, signal } = this.#options;
    const limits = makeLimits();
    const tools = { store, limits, journal: this.#journal, onBytes: () => {}, signal };
    const settled = [...this.#watched.values()].filter(
      ({ quiet, missing, synced }) => quiet > 0 && missing === 0 && !synced,
    );
    await runPool(
      settled,
      32,
      async (watched) => {
        const { key, path } = watched.file;
        await guard(key, report, async () => {
          const comparison = await comparePair(watched.file, remote.get(key), {
            store,
            cache: this.#cache,
            signal,
          });
          if (comparison === 'same') return;
          const { file, digest, etag } = await uploadFile(watched.file, tools);
          remote.set(key, { key, size: file.size, etag, modified: '', digest });
          this.#cache.remember(file, digest, etag);
          report({ type: 'uploaded', key, path, bytes: file.size });
        });
        // A file that was refused is tried again when it changes.
        watched.synced = true;
      },
      () => {},
    );
  }

  async #remove(): Promise<void> {
    const { store, report, signal } = this.#options;
    const gone = [...this.#watched].filter(([, { missing }]) => missing > 1).map(([key]) => key);
    if (gone.length === 0) return;
    const failures = new Set((await store.delete(gone, signal)).map(({ key }) => key));
    for (const key of gone) {
      this.#watched.delete(key);
      this.#remote?.delete(key);
      if (!failures.has(key)) report({ type: 'removed', key });
    }
  }

  #wait(diagnostic: Diagnostic | undefined): false {
    if (this.#waits++ === 0) this.#options.report({ type: 'waiting', diagnostic });
    return false;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

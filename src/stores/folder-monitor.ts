import { type Diagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import { runPool } from './budget.ts';
import { comparePair } from './compare-pair.ts';
import { DigestCache } from './digest-cache.ts';
import { uploadFile } from './file-upload.ts';
import { findObjects } from './find-objects.ts';
import { findLocalFiles } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { type RemoveEvent, removeKeys } from './remove.ts';
import type { Clock } from './retry.ts';
import { printable } from './safe-key.ts';
import type { Selection } from './selection.ts';
import { StoreError } from './store-error.ts';
import type { TransferEvent } from './transfer-event.ts';
import { differs, guard } from './transfer-guard.ts';
import { makeLimits } from './transfer-limits.ts';

import { UploadJournal } from './upload-journal.ts';
import { putOff, type Watched, WatchedFolder } from './watched-folder.ts';

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
  readonly overwrite: boolean;
  readonly clock: Clock;
  readonly report: (event: MonitorEvent) => void;
  readonly signal: AbortSignal;
}

/** What was not done in the end. */
export interface MonitorSummary {
  /** Keys of files that are not known to be in the bucket as they are; of folders that could not be looked into. */
  readonly missing: readonly string[];
  /** Keys that may be in the bucket although their files were removed. */
  readonly unremoved: readonly string[];
  /** Left because another object is there. */
  readonly different: number;
}

/** Milliseconds that a monitor takes at most to see what is left when it is told to stop. */
const lastLook = 5_000;

/**
 * Keeps a folder's objects as its files are: uploads what has stopped changing, and removes what was removed while it
 * watched. Looks at the folder again and again rather than listening to the system, which works on every file system,
 * mounted ones too. What is in the bucket and is not as this monitor left it or found it equal is left, unless
 * `overwrite`; nothing is removed because it cannot be seen. Runs until the signal is aborted, or throws what waiting cannot mend.
 */
export class FolderMonitor {
  readonly #options: MonitorOptions;
  readonly #cache: DigestCache;
  readonly #journal: UploadJournal;
  readonly #folder = new WatchedFolder();
  /** What was in the bucket at the start; counts for what is there then. */
  #listed: Map<string, ObjectInfo> | undefined;
  #looks = 0;
  #waits = 0;
  #waitingFor: string | undefined;
  #watching = false;
  readonly #told = new Set<string>();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#cache = new DigestCache(DigestCache.path(options.project), options.store.name);
    this.#journal = new UploadJournal(options.project, options.store);
  }

  async run(): Promise<MonitorSummary> {
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
    const missing = await this.#missing();
    return { missing, unremoved: this.#folder.unremoved(), different: this.#folder.different };
  }

  /** Looks once more, without the bucket: what came since the last look, or while nothing could be asked, counts. */
  async #missing(): Promise<string[]> {
    const { store, selection, root } = this.#options;
    const signal = AbortSignal.timeout(lastLook);
    const tools = { store, cache: this.#cache, signal };
    const missing: string[] = [];
    try {
      const local = await findLocalFiles(root, selection, signal);
      if (local.folders.has(selection.folder)) this.#folder.note(local);
      missing.push(...local.unreadable.map(({ key }) => key));
    } catch {
      // What was seen before is told, and that there may be more.
      missing.push(selection.folder);
    }
    for (const { file } of this.#folder.pending()) {
      const listed = this.#listed?.get(file.key);
      // Whoever is stopped at once has not compared yet what was there all the time.
      const same = listed !== undefined && (await comparePair(file, listed, tools).catch(() => undefined));
      if (same !== 'same') missing.push(file.key);
    }
    return missing;
  }

  /** One look, and what follows from it. False: something has to be waited for. */
  async #look(): Promise<boolean> {
    const { store, selection, root, report, signal } = this.#options;
    try {
      if (this.#listed === undefined) {
        await this.#journal.cleanUp(store, signal);
        const objects = await findObjects(store, selection, signal);
        this.#listed = new Map(objects.map((object) => [object.key, object]));
      }
      // Without its folder all files would seem removed; a folder that is not mounted is no wish to delete.
      const local = await findLocalFiles(root, selection, signal);
      if (!local.folders.has(selection.folder)) return this.#wait(undefined);
      if (!this.#watching) report({ type: 'watching', files: local.files.length });
      this.#watching = true;
      const unreadable = local.unreadable.map(({ diagnostic }) => diagnostic);
      for (const diagnostic of [...local.ignored, ...local.refused, ...unreadable]) {
        if (!this.#told.has(diagnostic.message)) report({ type: 'skipped', diagnostic });
        this.#told.add(diagnostic.message);
      }
      this.#folder.note(local);
      await this.#upload(this.#listed);
      await this.#remove();
    } catch (error) {
      // Once it has gone well, whatever comes between us and the bucket may go away again.
      const passing =
        error instanceof StoreError && (error.kind === 'unreachable' || this.#listed !== undefined);
      if (signal.aborted || !passing) throw error;
      return this.#wait(error.diagnostics[0]);
    }
    if (++this.#looks === 2) this.#listed.clear();
    if (this.#waits > 0) report({ type: 'resumed' });
    this.#waits = 0;
    this.#waitingFor = undefined;
    return true;
  }

  async #upload(listed: Map<string, ObjectInfo>): Promise<void> {
    const { store, report, overwrite, signal } = this.#options;
    const cache = this.#cache;
    const compareTools = { store, cache, signal };
    const tools = { store, limits: makeLimits(), journal: this.#journal, onBytes: () => {}, signal };
    const transfer = async (watched: Watched): Promise<void> => {
      const { file, etag } = watched;
      const { key, path } = file;
      const settle = (now: string | undefined): void => {
        Object.assign(watched, { done: true, etag: now, failures: 0 });
      };
      const before = listed.get(key);
      if (before !== undefined && (await comparePair(file, before, compareTools)) === 'same')
        return settle(before.etag);
      // Asked for now: others may have written there since.
      const there = await store.head(key, signal);
      const comparison = await comparePair(file, there, compareTools);
      if (comparison === 'same') return settle(there?.etag);
      if (there !== undefined && there.etag !== etag && !overwrite) {
        report({ type: 'different', key, path, diagnostic: differs(file, there, comparison) });
        return settle(undefined);
      }
      const uploaded = await uploadFile(file, tools);
      cache.remember(uploaded.file, uploaded.digest, uploaded.etag);
      report({ type: 'uploaded', key, path, bytes: uploaded.file.size });
      return settle(uploaded.etag);
    };
    await this.#forEach(this.#folder.settled(), transfer);
  }

  async #remove(): Promise<void> {
    const { store, report, signal } = this.#options;
    const keys: string[] = [];
    // Only what is as it was left: others may have written there since.
    const check = async ({ file, etag }: Watched): Promise<void> => {
      const { key, path } = file;
      const there = await store.head(key, signal);
      if (there?.etag === etag) return void keys.push(key);
      this.#folder.forget(key);
      if (there === undefined) return;
      const message = `${printable(key)} was replaced by others since, and was not removed`;
      report({ type: 'different', key, path, diagnostic: warningDiagnostic('S3_DIFFERS', message) });
    };
    await this.#forEach(this.#folder.gone(), check);
    const note = (event: RemoveEvent) => {
      if (event.type === 'failed') return this.#fail(this.#folder.get(event.key), event);
      this.#folder.forget(event.key);
      report(event);
    };
    await removeKeys(store, keys, { report: note, signal });
  }

  async #forEach(all: readonly Watched[], work: (watched: Watched) => Promise<void>): Promise<void> {
    await runPool(
      all,
      32,
      async (watched) => {
        const report = (event: TransferEvent) => this.#fail(watched, event);
        await guard(watched.file.key, report, () => work(watched));
      },
      () => {},
    );
  }

  /** A failure is told the first time; it is tried again, and counted in the end. */
  #fail(watched: Watched | undefined, event: TransferEvent): void {
    if (watched === undefined) return;
    if (watched.failures === 0) this.#options.report(event);
    putOff(watched);
  }

  #wait(diagnostic: Diagnostic | undefined): false {
    const why = diagnostic?.code ?? '';
    if (this.#waits++ === 0 || why !== this.#waitingFor)
      this.#options.report({ type: 'waiting', diagnostic });
    this.#waitingFor = why;
    return false;
  }
}

import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { runPool } from './budget.ts';
import { comparePair } from './compare-pair.ts';
import { DigestCache } from './digest-cache.ts';
import { uploadFile } from './file-upload.ts';
import { findObjects } from './find-objects.ts';
import { findLocalFiles, isUnchanged, type LocalFile, type LocalFiles } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import type { Clock } from './retry.ts';
import { printable } from './safe-key.ts';
import type { Selection } from './selection.ts';
import { StoreError } from './store-error.ts';
import type { TransferEvent } from './transfer-event.ts';
import { differs, guard } from './transfer-guard.ts';
import { makeLimits } from './transfer-limits.ts';

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
  readonly overwrite: boolean;
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
  /** Whether there is nothing left to do about it as it is. */
  done: boolean;
  /** Whether the object is one that this monitor uploaded or found equal: only those are replaced and removed. */
  readonly ours: boolean;
  /** Uploads or removals in a row that failed, and looks to wait before the next. */
  failures: number;
  pause: number;
}

/** What was not done in the end. */
export interface MonitorSummary {
  readonly failed: number;
  /** Left because another object is there. */
  readonly different: number;
}

/**
 * Keeps a folder's objects as its files are: uploads what has stopped changing, and removes what was removed while it
 * watched. Looks at the folder again and again rather than listening to the system, which works on every file system,
 * mounted ones too. What is in the bucket and was never seen to be ours is left, unless `overwrite`; nothing is removed
 * while any of the folder cannot be seen. Runs until the signal is aborted, or throws what waiting cannot mend.
 */
export class FolderMonitor {
  readonly #options: MonitorOptions;
  readonly #cache: DigestCache;
  readonly #journal: UploadJournal;
  readonly #watched = new Map<string, Watched>();
  #remote: Map<string, ObjectInfo> | undefined;
  #folders: ReadonlyMap<string, string> = new Map();
  #waits = 0;
  #waitingFor: string | undefined;
  #watching = false;
  readonly #told = new Set<string>();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#cache = new DigestCache(DigestCache.path(options.project), options.clock.now);
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
    const all = [...this.#watched.values()];
    return {
      failed: all.filter(({ failures }) => failures > 0).length,
      different: all.filter(({ done, ours, missing }) => done && !ours && missing === 0).length,
    };
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
      const local = await findLocalFiles(root, selection, signal);
      if (!local.folders.has(selection.folder)) return this.#wait(undefined);
      if (!this.#watching) report({ type: 'watching', files: local.files.length });
      this.#watching = true;
      const unreadable = local.unreadable.map(({ diagnostic }) => diagnostic);
      for (const diagnostic of [...local.ignored, ...local.refused, ...unreadable]) {
        if (!this.#told.has(diagnostic.message)) report({ type: 'skipped', diagnostic });
        this.#told.add(diagnostic.message);
      }
      this.#note(local);
      await this.#upload(this.#remote);
      await this.#remove(this.#remote);
    } catch (error) {
      // Once it has gone well, whatever comes between us and the bucket may go away again.
      const passing =
        error instanceof StoreError && (error.kind === 'unreachable' || this.#remote !== undefined);
      if (signal.aborted || !passing) throw error;
      return this.#wait(error.diagnostics[0]);
    }
    if (this.#waits > 0) report({ type: 'resumed' });
    this.#waits = 0;
    this.#waitingFor = undefined;
    return true;
  }

  #note({ files, folders, ignored, unreadable }: LocalFiles): void {
    const present = new Set<string>();
    for (const file of files) {
      present.add(file.key);
      const known = this.#watched.get(file.key);
      const same = known !== undefined && known.missing === 0 && isUnchanged(known.file, file);
      if (same) known.quiet++;
      else this.#watched.set(file.key, newcomer(file, known?.ours === true));
    }
    // What cannot be seen may hide files: a broken link, a mount that is away.
    const whole = ignored.length === 0 && unreadable.length === 0;
    const exchanged = [...folders].filter(([name, identity]) => {
      return (this.#folders.get(name) ?? identity) !== identity;
    });
    this.#folders = folders;
    for (const [key, watched] of this.#watched) {
      if (present.has(key)) continue;
      // In another folder of the same name it was never removed, it has just never been.
      if (exchanged.some(([name]) => key.startsWith(name))) this.#watched.delete(key);
      else if (whole) watched.missing++;
      else watched.missing = Math.min(1, watched.missing + 1);
    }
  }

  async #upload(remote: Map<string, ObjectInfo>): Promise<void> {
    const { store, report, overwrite, signal } = this.#options;
    const tools = { store, limits: makeLimits(), journal: this.#journal, onBytes: () => {}, signal };
    const settled = [...this.#watched.values()].filter(
      (watched) => watched.quiet > 0 && watched.missing === 0 && !watched.done && isDue(watched),
    );
    await runPool(
      settled,
      32,
      async (watched) => {
        const { file, ours } = watched;
        const { key } = file;
        const settle = (isOurs: boolean) => {
          this.#watched.set(key, { ...watched, done: true, ours: isOurs, failures: 0 });
        };
        const well = await guard(key, this.#failureReport(watched), async () => {
          const there = remote.get(key);
          const comparison = await comparePair(file, there, { store, cache: this.#cache, signal });
          if (comparison === 'same') {
            settle(true);
          } else if (comparison !== 'absent' && !ours && !overwrite) {
            settle(false);
            report({ type: 'different', key, path: file.path, diagnostic: differs(file, there, comparison) });
          } else {
            const uploaded = await uploadFile(file, tools);
            const { size } = uploaded.file;
            const { digest, etag } = uploaded;
            remote.set(key, { key, size, etag, modified: '', digest });
            this.#cache.remember(uploaded.file, digest, etag);
            settle(true);
            report({ type: 'uploaded', key, path: file.path, bytes: size });
          }
          return true;
        });
        if (well === undefined) putOff(watched);
      },
      () => {},
    );
  }

  async #remove(remote: Map<string, ObjectInfo>): Promise<void> {
    const { store, report, signal } = this.#options;
    const gone = [...this.#watched].filter(([, watched]) => watched.missing > 1);
    for (const [key, { ours }] of gone) if (!ours) this.#watched.delete(key);
    const due = gone.filter(([, watched]) => watched.ours && isDue(watched));
    if (due.length === 0) return;
    const keys = due.map(([key]) => key);
    const failures = new Map((await store.delete(keys, signal)).map(({ key, why }) => [key, why]));
    for (const [key, watched] of due) {
      const why = failures.get(key);
      if (why === undefined) {
        this.#watched.delete(key);
        remote.delete(key);
        report({ type: 'removed', key });
        continue;
      }
      const diagnostic = errorDiagnostic('S3_DELETE_FAILED', `${printable(key)} was not deleted: ${why}`);
      this.#failureReport(watched)({ type: 'failed', key, diagnostic });
      putOff(watched);
    }
  }

  /** A failure is told the first time; it is tried again, and counted in the end. */
  #failureReport({ failures }: Watched): (event: TransferEvent) => void {
    return failures === 0 ? this.#options.report : () => {};
  }

  #wait(diagnostic: Diagnostic | undefined): false {
    const why = diagnostic?.code ?? '';
    if (this.#waits++ === 0 || why !== this.#waitingFor)
      this.#options.report({ type: 'waiting', diagnostic });
    this.#waitingFor = why;
    return false;
  }
}

function newcomer(file: LocalFile, ours: boolean): Watched {
  return { file, quiet: 0, missing: 0, done: false, ours, failures: 0, pause: 0 };
}

/** Whether what failed before may be tried again; counts the look. */
function isDue(watched: Watched): boolean {
  return watched.pause === 0 || --watched.pause === 0;
}

function putOff(watched: Watched): void {
  watched.pause = 2 ** Math.min(watched.failures++, 5);
}

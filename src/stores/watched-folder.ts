import { isUnchanged, type LocalFile, type LocalFiles } from './local-file.ts';

/** What is known of a key that was seen in the folder. */
export interface Watched {
  readonly file: LocalFile;
  /** Looks in a row at which it was as it is. */
  quiet: number;
  /** Looks in a row at which it was not there, although it could have been seen. */
  missing: number;
  /** Whether there is nothing left to do about it as it is. */
  done: boolean;
  /** Of the object as it was uploaded from here or found equal: only that one may be replaced and removed. */
  etag: string | undefined;
  /** Uploads or removals in a row that failed, and looks to wait before the next. */
  failures: number;
  pause: number;
}

/** What was seen of a folder, look after look, and what has come to rest in it or was removed. */
export class WatchedFolder {
  readonly #watched = new Map<string, Watched>();
  /** What could not be seen the last time, although it may be there. */
  #hidden: readonly string[] = [];
  /** What was in a folder when that went away, by key: its object is still the one that was left there. */
  readonly #etags = new Map<string, string>();
  /** Every folder that was walked, and what it was to the system the last time. */
  readonly #folders = new Map<string, string>();

  note({ files, folders, hidden }: LocalFiles): void {
    const present = new Set<string>();
    for (const file of files) {
      present.add(file.key);
      const known = this.#watched.get(file.key);
      const same = known !== undefined && known.missing === 0 && isUnchanged(known.file, file);
      if (same) known.quiet++;
      else this.#watched.set(file.key, newcomer(file, known?.etag ?? this.#etags.get(file.key)));
      this.#etags.delete(file.key);
    }
    this.#hidden = [...hidden];
    const away = this.#away(folders);
    for (const [name, identity] of folders) this.#folders.set(name, identity);
    for (const [key, watched] of this.#watched) {
      if (present.has(key)) continue;
      if (isBelow(key, away)) {
        if (watched.etag !== undefined) this.#etags.set(key, watched.etag);
        this.#watched.delete(key);
      }
      // What cannot be seen may be there: a broken link, a mount that is away.
      else if (isBelow(key, hidden)) watched.missing = 1;
      else watched.missing++;
    }
  }

  /** What has stopped changing and has something left to do. */
  settled(): readonly Watched[] {
    return [...this.#watched.values()].filter(
      (watched) => watched.quiet > 0 && watched.missing === 0 && !watched.done && isDue(watched),
    );
  }

  /** What was removed, and may be removed from the bucket. */
  gone(): readonly Watched[] {
    const gone = [...this.#watched.values()].filter(({ missing }) => missing > 1);
    for (const { etag, file } of gone) if (etag === undefined) this.forget(file.key);
    return gone.filter((watched) => watched.etag !== undefined && isDue(watched));
  }

  get(key: string): Watched | undefined {
    return this.#watched.get(key);
  }

  forget(key: string): void {
    this.#watched.delete(key);
  }

  /** What is here and was not brought to the bucket as it is. */
  pending(): readonly Watched[] {
    return [...this.#watched.values()].filter(({ done, missing }) => !done && missing === 0);
  }

  /** Keys of what was brought to the bucket, is here no more, and was not removed there. */
  unremoved(): string[] {
    return [...this.#watched]
      .filter(([key, { missing, etag }]) => missing > 0 && etag !== undefined && !isBelow(key, this.#hidden))
      .map(([key]) => key);
  }

  /** How many files were left because another object is there. */
  get different(): number {
    const all = [...this.#watched.values()];
    return all.filter(({ done, etag, missing }) => done && etag === undefined && missing === 0).length;
  }

  /**
   * Folders that are another one by now, as the empty mount point is, or that were a mount and are gone with it. What
   * was in them was not removed.
   */
  #away(now: ReadonlyMap<string, string>): readonly string[] {
    return [...this.#folders]
      .filter(([name, before]) => {
        const identity = now.get(name);
        return identity === undefined ? this.#isMount(name, before) : identity !== before;
      })
      .map(([name]) => name);
  }

  #isMount(name: string, identity: string): boolean {
    const parent = this.#folders.get(name.slice(0, name.lastIndexOf('/', name.length - 2) + 1));
    return parent !== undefined && deviceOf(parent) !== deviceOf(identity);
  }
}

/** Tried again after 1, 2, 4 … 32 looks. */
export function putOff(watched: Watched): void {
  watched.pause = 2 ** Math.min(watched.failures++, 5);
}

function newcomer(file: LocalFile, etag: string | undefined): Watched {
  return { file, quiet: 0, missing: 0, done: false, etag, failures: 0, pause: 0 };
}

/** Whether what failed before may be tried again; counts the look. */
function isDue(watched: Watched): boolean {
  return watched.pause === 0 || --watched.pause === 0;
}

/** Folders may come with their last `/` or without. */
function isBelow(key: string, folders: readonly string[]): boolean {
  return folders.some(
    (name) => key === name || key.startsWith(name.endsWith('/') || name === '' ? name : `${name}/`),
  );
}

function deviceOf(identity: string): string {
  return identity.slice(0, identity.indexOf(':'));
}

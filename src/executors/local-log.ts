import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attemptOfLog, logPath, makeRunFolder, runFolder } from '../records/run-paths.ts';

/** Logs kept of one trial; older ones are removed when an attempt begins. */
const keptLogs = 10;

/**
 * The log of one attempt: the bytes of both streams in the order they came. Written synchronously: that is a
 * copy into the page cache, and keeps the memory of a trial that prints gigabytes at one chunk.
 */
export class LocalLog {
  /** Relative to the project. */
  readonly path: string;
  readonly #onCut: (error: unknown) => void;
  #descriptor: number | undefined;

  /** @param onCut called once if the log cannot be made or written to the end, by a full disk say */
  constructor(root: string, name: string, attempt: number, onCut: (error: unknown) => void) {
    this.path = logPath(name, attempt);
    this.#onCut = onCut;
    const path = join(root, this.path);
    this.#guard(() => {
      if (attempt === 1) makeFirstFolder(dirname(path));
      try {
        this.#descriptor = openSync(path, 'w', 0o644);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        makeRunFolder(dirname(path), error);
        this.#descriptor = openSync(path, 'w', 0o644);
      }
    });
  }

  write(chunk: Uint8Array): void {
    this.#guard(() => {
      for (let offset = 0; this.#descriptor !== undefined && offset < chunk.length; ) {
        offset += writeSync(this.#descriptor, chunk, offset);
      }
    });
  }

  close(): void {
    this.#guard(() => {
      if (this.#descriptor !== undefined) closeSync(this.#descriptor);
      this.#descriptor = undefined;
    });
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      const descriptor = this.#descriptor;
      this.#descriptor = undefined;
      if (descriptor !== undefined) closeQuietly(descriptor);
      this.#onCut(error);
    }
  }
}

/** Spares failing to open the log first. Any trouble shows again when it is opened. */
function makeFirstFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch {}
}

/** The attempts of a trial that have a log, oldest first. */
export function loggedAttempts(root: string, name: string): number[] {
  try {
    return readdirSync(join(root, runFolder(name)))
      .map(attemptOfLog)
      .filter((attempt) => attempt !== undefined)
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}

export function removeOldLogs(root: string, name: string): void {
  for (const attempt of loggedAttempts(root, name).slice(0, -keptLogs)) {
    rmSync(join(root, logPath(name, attempt)), { force: true });
  }
}

function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // The first error is the one to tell.
  }
}

import { closeSync, fsync, open, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { makeRunFolder } from './run-paths.ts';

const fsyncAsync = promisify(fsync);
const openAsync = promisify(open);

interface PendingWrite {
  text: string;
  readonly settle: { resolve: () => void; reject: (error: unknown) => void }[];
}

/**
 * Writes small files atomically (another name, then rename) and durably (fsync of the file before the rename,
 * of its folders after it). A disk takes milliseconds to make one file durable and hardly more for many, so
 * writes asked for while earlier ones are under way are made durable together. The caller need not wait:
 * a sweep starts its next trial meanwhile.
 */
export class DurableWrites {
  #pending = new Map<string, PendingWrite>();
  #flushing = false;

  /** Settles when the file is on disk. A later write of the same file replaces one that has not begun. */
  write(path: string, text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const earlier = this.#pending.get(path);
      if (earlier === undefined) this.#pending.set(path, { text, settle: [{ resolve, reject }] });
      else {
        earlier.text = text;
        earlier.settle.push({ resolve, reject });
      }
      if (!this.#flushing) {
        this.#flushing = true;
        setImmediate(() => void this.#flush());
      }
    });
  }

  async #flush(): Promise<void> {
    while (this.#pending.size > 0) {
      const batch = [...this.#pending];
      this.#pending = new Map();
      const folders = new Map<string, Promise<void>>();
      const fsyncOnce = (folder: string): Promise<void> => {
        let done = folders.get(folder);
        if (done === undefined) {
          done = fsyncFolder(folder);
          folders.set(folder, done);
        }
        return done;
      };
      const opened = batch.map(([path, { text }]) => attempt(() => openTemporary(path, text)));
      await Promise.all(
        batch.map(async ([path, { settle }], index) => {
          try {
            const temporary = opened[index]?.();
            if (temporary === undefined) return;
            await replace(path, temporary);
            await fsyncOnce(dirname(path));
            await fsyncOnce(dirname(dirname(path)));
            for (const { resolve } of settle) resolve();
          } catch (error) {
            for (const { reject } of settle) reject(error);
          }
        }),
      );
    }
    this.#flushing = false;
  }
}

/** Atomic, but after a power loss the old content may be back: for states that may be forgotten. */
export function writeAtomically(path: string, text: string): void {
  const temporary = openTemporary(path, text);
  closeSync(temporary.descriptor);
  renameSync(temporary.path, path);
}

interface Temporary {
  readonly path: string;
  readonly descriptor: number;
}

function openTemporary(path: string, text: string): Temporary {
  const temporary = `${path}.${process.pid}.tmp`;
  const descriptor = openForWriting(temporary);
  try {
    writeSync(descriptor, text);
  } catch (error) {
    closeSync(descriptor);
    rmSync(temporary, { force: true });
    throw error;
  }
  return { path: temporary, descriptor };
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'w', 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeRunFolder(dirname(path), error);
    return openSync(path, 'w', 0o644);
  }
}

async function replace(path: string, temporary: Temporary): Promise<void> {
  try {
    await fsyncAsync(temporary.descriptor);
  } catch (error) {
    rmSync(temporary.path, { force: true });
    throw error;
  } finally {
    closeSync(temporary.descriptor);
  }
  renameSync(temporary.path, path);
}

export async function fsyncFolder(folder: string): Promise<void> {
  const descriptor = await openAsync(folder, 'r');
  try {
    await fsyncAsync(descriptor);
  } catch (error) {
    // Some network and user-space file systems cannot sync a folder; they order its changes themselves.
    if (!['EINVAL', 'ENOTSUP', 'EBADF'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Runs now, answers or throws when called. */
function attempt<T>(run: () => T): () => T {
  try {
    const value = run();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

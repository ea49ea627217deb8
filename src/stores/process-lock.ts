import { randomBytes } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { isSystemError } from './local-file.ts';
import { fateOf, type Owner, ourselves } from './owner.ts';

/** A holder touches its lock this often; what was not touched for `patience` and cannot be asked is gone. */
const heartbeat = 60_000;
const patience = 10 * heartbeat;

/** A lock that is ours: `release` gives it back. */
export interface HeldLock {
  readonly release: () => void;
}

/** A lock file as it was read. */
interface Found {
  readonly text: string;
  readonly touched: number;
}

/**
 * Takes a lock file that says who holds it and what else others should know; readable by this user alone. The lock of a
 * process that is gone is taken over.
 *
 * @returns how to give it back, or who holds it as words
 */
export function takeLock(
  path: string,
  note: Readonly<Record<string, unknown>> = {},
): HeldLock | { readonly holder: string } {
  const text = JSON.stringify({ ...ourselves, ...note });
  const own = `${path}.${randomBytes(6).toString('hex')}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(own, text, { flag: 'wx', mode: 0o600 });
  try {
    for (;;) {
      if (create(path, own, text)) return hold(path, text);
      const found = find(path);
      if (found === undefined) continue;
      if (!isGivenUp(found)) return { holder: describe(found) };
      if (takeOver(path, own, text, found)) return hold(path, text);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** False where there is one. By a link, so that nobody reads a lock that is not written yet. */
function create(path: string, own: string, text: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    // Not every file system has links.
    if (!isSystemError(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error;
  }
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Puts our lock in the place of a dead one. Many may find it dead at once, so they take turns: the first replaces it,
 * and whoever comes next sees that it is another's. False: look again.
 */
function takeOver(path: string, own: string, text: string, dead: Found): boolean {
  const turn = `${path}.turn`;
  if (!create(turn, own, text)) {
    const other = find(turn);
    // A turn takes no time: this one's owner was killed in it.
    if (other !== undefined && Date.now() - other.touched > heartbeat) rmSync(turn, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return false;
  }
  try {
    if (find(path)?.text !== dead.text) return false;
    renameSync(own, path);
    return true;
  } finally {
    rmSync(turn, { force: true });
  }
}

function hold(path: string, text: string): HeldLock {
  const beat = () => {
    const now = Date.now() / 1000;
    try {
      utimesSync(path, now, now);
    } catch {
      // Taken away: nothing here depends on it any more.
    }
  };
  const timer = setInterval(beat, heartbeat).unref();
  const release = () => {
    clearInterval(timer);
    if (find(path)?.text === text) rmSync(path, { force: true });
  };
  return { release };
}

function find(path: string): Found | undefined {
  try {
    return { text: readFileSync(path, 'utf8'), touched: statSync(path).mtimeMs };
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isGivenUp({ text, touched }: Found): boolean {
  const owner = ownerIn(text);
  const fate = owner === undefined ? 'unknown' : fateOf(owner);
  return fate === 'unknown' ? Date.now() - touched > patience : fate === 'gone';
}

function describe({ text }: Found): string {
  const owner = ownerIn(text);
  return owner === undefined ? 'an unknown process' : `process ${owner.pid} on ${owner.host}`;
}

function ownerIn(text: string): Owner | undefined {
  try {
    const { pid, host, space = '' } = JSON.parse(text) as Partial<Owner>;
    return typeof pid === 'number' && typeof host === 'string' ? { pid, host, space } : undefined;
  } catch {
    return undefined;
  }
}

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
      bury(path, `${own}.old`, found);
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

/** Two may find it dead at once: the later of them moves away the earlier one's own, and has to put it back. */
function bury(path: string, grave: string, dead: Found): void {
  try {
    renameSync(path, grave);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readFileSync(grave, 'utf8');
  if (moved !== dead.text) create(path, grave, moved);
  rmSync(grave, { force: true });
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

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { isSystemError } from './local-file.ts';
import { isRunning } from './owner.ts';

/** Who holds a lock, and what they wrote into it. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
}

/**
 * Takes a lock file that says who holds it and what else others should know; readable by this user alone. A lock of a
 * process of this machine that is no more is taken over.
 *
 * @returns how to give it back, or who holds it
 */
export function takeLock(
  path: string,
  note: Readonly<Record<string, unknown>> = {},
): { readonly release: () => void } | { readonly holder: LockHolder } {
  const text = JSON.stringify({ pid: process.pid, host: hostname(), ...note });
  mkdirSync(dirname(path), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
    }
    const holder = readHolder(path);
    const gone = holder === undefined || (holder.host === hostname() && !isRunning(holder.pid));
    if (!gone || attempt === 3) return { holder: holder ?? { pid: 0, host: hostname() } };
    rmSync(path, { force: true });
  }
}

function readHolder(path: string): LockHolder | undefined {
  try {
    const { pid, host } = JSON.parse(readFileSync(path, 'utf8')) as Partial<LockHolder>;
    return typeof pid === 'number' && typeof host === 'string' ? { pid, host } : undefined;
  } catch {
    return undefined;
  }
}

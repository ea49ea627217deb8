import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isSystemError } from './local-file.ts';

/**
 * Makes a folder and those above it. Node's own way tries for ever where the system says of a folder that is there that
 * it is not, as below `/proc`, and calls a file system that can only be read a missing file.
 */
export function makeFolder(path: string): void {
  try {
    makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if (!isSystemError(error, 'ENOENT') || parent === path) throw error;
    makeFolder(parent);
    makeOne(path);
  }
}

/** What stands where a folder is to be, or in the way to it, and is none. */
export function inTheWay(path: string): string | undefined {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info !== undefined) return info.isDirectory() ? undefined : path;
  const parent = dirname(path);
  return parent === path ? undefined : inTheWay(parent);
}

function makeOne(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    // Whatever else the system says of a folder that is there, as of one that can only be read.
    if (isSystemError(error, 'ENOENT') || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw error;
  }
}

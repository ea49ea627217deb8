import { mkdirSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeBrokenLink } from '../broken-link.ts';
import { isSystemError } from './local-file.ts';
import { shownPath } from './shown-path.ts';

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

/** `out is no folder`, of what stands where a folder is to be or in the way to it; `undefined` where nothing does. */
export function inTheWay(path: string, project: string): string | undefined {
  const link = describeBrokenLink(path);
  const info = statOrUndefined(path);
  if (link === undefined && info === undefined) {
    const parent = dirname(path);
    return parent === path ? undefined : inTheWay(parent, project);
  }
  return info?.isDirectory() === true ? undefined : `${shownPath(path, project)} is ${link ?? 'no folder'}`;
}

/** What cannot be looked at, whoever goes there is told of. */
function statOrUndefined(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
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

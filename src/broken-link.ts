import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** What to call a symbolic link that leads nowhere, with what is missing; `undefined` of all else. */
export function describeBrokenLink(path: string): string | undefined {
  if (!isLink(path)) return undefined;
  try {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP') return 'a link in a circle';
    if (code !== 'ENOTDIR') return undefined;
  }
  let last = path;
  let target = readlinkSync(last);
  // No circle, as the system has just said, but for one that is made meanwhile.
  for (let hops = 0; hops < 40; hops++) {
    const next = resolve(dirname(last), target);
    if (!isLink(next)) break;
    last = next;
    target = readlinkSync(last);
  }
  return `a link to ${target}, which is not there`;
}

/** The first link on the way from `root` to `path` that leads nowhere, as a path below `root`. */
export function findBrokenLink(root: string, path: string): { path: string; what: string } | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  for (const [index] of parts.entries()) {
    const way = parts.slice(0, index + 1).join('/');
    const what = describeBrokenLink(join(root, way));
    if (what !== undefined) return { path: way, what };
  }
  return undefined;
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  } catch {
    return false;
  }
}

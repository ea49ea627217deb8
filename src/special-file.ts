import type { Stats } from 'node:fs';

/** What it is that has no bytes of its own to copy; `undefined` of a file or folder. */
export function describeSpecial(
  stats: Pick<Stats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'>,
): string | undefined {
  if (stats.isFile() || stats.isDirectory()) return undefined;
  if (stats.isFIFO()) return 'a pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}

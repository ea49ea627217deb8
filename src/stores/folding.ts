import { randomBytes } from 'node:crypto';
import { lstatSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryPrefix } from './local-file.ts';

/** What a file system makes of a name before it compares it with others: equal results are one file. */
export type Fold = (name: string) => string;

/**
 * How the file system of a folder takes names together: macOS and Windows ignore case, macOS also how an accent is
 * written. Found out with a file of our own, which is gone afterwards. `undefined`: each name is its own.
 *
 * @param below the folder in `root` that it is about, where there is one: something else may be mounted there
 */
export function findFolding(root: string, below = ''): Fold | undefined {
  const folder = isFolder(join(root, below)) ? join(root, below) : root;
  const name = (end: string) => join(folder, `${temporaryPrefix}${random}${end}`);
  const random = randomBytes(8).toString('hex');
  const made = name('-Aé'.normalize('NFC'));
  try {
    writeFileSync(made, '', { flag: 'wx' });
    const caseless = isThere(name('-aé'.normalize('NFC')));
    const normalizing = isThere(name('-Aé'.normalize('NFD')));
    if (!caseless && !normalizing) return undefined;
    return (text) => {
      const composed = normalizing ? text.normalize('NFC') : text;
      return caseless ? composed.toLowerCase() : composed;
    };
  } catch {
    // Where nothing can be written, the first file will tell.
    return undefined;
  } finally {
    rmSync(made, { force: true });
  }
}

/**
 * The keys that would overwrite another one's file, each with that other: of those that are one to the file system, only
 * the first stays, and none that would be a folder, too.
 *
 * @param folders those that keys lie in, each with its last `/`
 */
export function findClashes(
  keys: Iterable<string>,
  folders: Iterable<string>,
  fold: Fold,
): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  for (const folder of folders) first.set(fold(folder.slice(0, -1)), folder);
  const clashes = new Map<string, string>();
  for (const key of keys) {
    const folded = fold(key);
    const other = first.get(folded);
    if (other === undefined) first.set(folded, key);
    // What is a file and a folder everywhere is no matter of this file system.
    else if (other !== `${key}/`) clashes.set(key, other);
  }
  return clashes;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

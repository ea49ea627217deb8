import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, posix, relative } from 'node:path';
import { tarEnd, tarHeader, tarPadding } from '../../container/tar.ts';
import { hintToRename, misnamed } from '../../misnamed.ts';
import { whyStaysHere } from '../../records/toolbox-folder.ts';
import { describeSpecial } from '../../special-file.ts';

/** tar reads records of this size and warns about a last one that is shorter. */
const record = 20 * 512;

/** A file to archive; `name` is where it goes, relative, with forward slashes. */
export interface ArchiveEntry {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly modified: number;
  /** What goes there instead of the file's own bytes. */
  readonly text?: Buffer;
}

/**
 * Files, and the files of folders, as entries. Links are followed, as for `file:` of a Job.
 *
 * @param skip is told of what is neither a file nor a folder
 * @throws NotToCopy
 */
export async function findEntries(
  root: string,
  names: readonly string[],
  skip: (name: string, kind: string) => void,
): Promise<readonly ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  const realRoot = await realpath(root);
  const visit = async (name: string, above: readonly string[]): Promise<void> => {
    const path = join(root, name);
    const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      const bytes = misnamed(dirname(path), basename(path));
      const escaped = join(dirname(name), bytes ?? '');
      if (bytes !== undefined)
        throw new NotToCopy(`the name of ${escaped} is not valid UTF-8`, hintToRename(escaped));
      throw new NotToCopy(`${name} is a link to something that is not there`);
    });
    const [first] = relative(realRoot, real).split('/');
    if (first === '..') throw new NotToCopy(`${name} is a link that leads out of the project`);
    const whyHere = whyStaysHere(realRoot, real);
    if (whyHere !== undefined) throw new NotToCopy(`${name} ${whyHere}`);
    const stats = await stat(real);
    if (stats.isDirectory()) {
      // A folder that holds a link to itself has no end.
      if (above.includes(real)) return;
      for (const child of (await readdir(path)).sort())
        await visit(posix.join(name, child), [...above, real]);
      return;
    }
    const special = describeSpecial(stats);
    if (special !== undefined) {
      skip(name, special);
      return;
    }
    entries.push({
      name: posix.normalize(name),
      path,
      size: stats.size,
      mode: stats.mode & 0o777,
      modified: Math.floor(stats.mtimeMs / 1000),
    });
  };
  for (const name of names) await visit(name, []);
  return entries;
}

/** What is outside of the project is nobody's to copy, nor is what stays on this machine; no name that is no text can be said. */
export class NotToCopy extends Error {
  override readonly name = 'NotToCopy';
  readonly hint: string;

  constructor(message: string, hint = 'name files of the project') {
    super(message);
    this.hint = hint;
  }
}

/**
 * The bytes of a tar archive, made as it is read: what `copy` sends into a pod. A file that changes its size
 * meanwhile is cut or filled up to what was announced.
 */
export async function* archive(entries: readonly ArchiveEntry[]): AsyncGenerator<Uint8Array> {
  let written = 0;
  const count = (bytes: Buffer): Buffer => {
    written += bytes.length;
    return bytes;
  };
  for (const entry of entries) {
    const { name, size, mode, modified } = entry;
    yield count(tarHeader({ type: 'file', path: name, mode, size }, modified));
    let left = size;
    for await (const chunk of bytesOf(entry)) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (part.length > 0) yield count(part);
      if (left === 0) break;
    }
    if (left > 0) yield count(Buffer.alloc(left));
    const padding = count(tarPadding(size));
    if (padding.length > 0) yield padding;
  }
  const end = tarEnd.length;
  yield Buffer.alloc(end + ((record - ((written + end) % record)) % record));
}

function bytesOf({ path, text }: ArchiveEntry): AsyncIterable<Buffer> | Iterable<Buffer> {
  return text === undefined ? (createReadStream(path) as AsyncIterable<Buffer>) : [text];
}

import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';

// A tar archive in the ustar form, made as it is read: what `copy` sends into a pod. GNU tar and busybox both
// read it. Names too long for ustar get a pax header before them.

const block = 512;
/** tar reads records of this size and warns about a last one that is shorter. */
const record = 20 * block;

/** A file to archive; `name` is where it goes, relative, with forward slashes. */
export interface ArchiveEntry {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly modified: number;
}

/** Files, and the files of folders, as entries; links are followed once they lead to a file. */
export async function findEntries(root: string, names: readonly string[]): Promise<readonly ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  const visit = async (name: string): Promise<void> => {
    const path = join(root, name);
    const stats = await lstat(path);
    if (stats.isDirectory()) {
      for (const child of (await readdir(path)).sort()) await visit(posix.join(name, child));
    } else if (stats.isFile())
      entries.push({
        name: posix.normalize(name),
        path,
        size: stats.size,
        mode: stats.mode & 0o777,
        modified: Math.floor(stats.mtimeMs / 1000),
      });
  };
  for (const name of names) await visit(name);
  return entries;
}

/** The bytes of the archive. A file that changes its size meanwhile is cut or filled up to what was announced. */
export async function* archive(entries: readonly ArchiveEntry[]): AsyncGenerator<Uint8Array> {
  let written = 0;
  const count = (bytes: Buffer): Buffer => {
    written += bytes.length;
    return bytes;
  };
  for (const entry of entries) {
    for (const head of headers(entry)) yield count(head);
    let left = entry.size;
    for await (const chunk of createReadStream(entry.path) as AsyncIterable<Buffer>) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (part.length > 0) yield count(part);
      if (left === 0) break;
    }
    if (left > 0) yield count(Buffer.alloc(left));
    const padding = (block - (entry.size % block)) % block;
    if (padding > 0) yield count(Buffer.alloc(padding));
  }
  const end = 2 * block;
  yield Buffer.alloc(end + ((record - ((written + end) % record)) % record));
}

function headers(entry: ArchiveEntry): Buffer[] {
  const name = Buffer.from(entry.name);
  if (name.length <= 100) return [header(name, entry.size, entry.mode, entry.modified, '0')];
  // pax: "LENGTH path=NAME\n", where LENGTH counts itself.
  const field = `path=${entry.name}\n`;
  let length = Buffer.byteLength(field) + 1;
  length += String(length + String(length).length).length;
  const pax = Buffer.from(`${length} ${field}`);
  const body = Buffer.alloc(Math.ceil(pax.length / block) * block);
  pax.copy(body);
  return [
    header(Buffer.from('pax_header'), pax.length, 0o644, entry.modified, 'x'),
    body,
    header(name.subarray(0, 100), entry.size, entry.mode, entry.modified, '0'),
  ];
}

function header(name: Buffer, size: number, mode: number, modified: number, type: string): Buffer {
  const head = Buffer.alloc(block);
  name.copy(head, 0);
  const octal = (value: number, at: number, width: number): void => {
    head.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  };
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  // Above 8 GiB the octal field is full: GNU's base-256 form, which busybox reads too.
  if (size < 8 * 1024 ** 3) octal(size, 124, 12);
  else {
    head[124] = 0x80;
    head.writeBigUInt64BE(BigInt(size), 128);
  }
  octal(modified, 136, 12);
  head.write(`        ${type}`, 148, 'latin1');
  head.write('ustar\0' + '00', 257, 'latin1');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return head;
}

import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  createReadStream,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { type TarEntry, TarReader } from './tar.ts';

/**
 * Restores a packed snapshot into a folder, which must be there and empty. The digest is checked over all bytes
 * before the first file is written.
 *
 * @throws DiagnosticError where the archive is damaged
 */
export async function unpackSnapshot(
  file: string,
  digest: string,
  folder: string,
  signal: AbortSignal,
): Promise<{ readonly files: number }> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), createGunzip(), hash, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw damaged(file, error);
  }
  if (hash.digest('hex') !== digest) throw damaged(file);

  const writer = new TreeWriter(folder);
  const reader = new TarReader(
    (entry) => writer.entry(entry),
    (chunk) => writer.data(chunk),
  );
  await pipeline(
    createReadStream(file),
    createGunzip(),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) reader.write(chunk);
    },
    { signal },
  );
  reader.end();
  writer.finish();
  return { files: writer.count };
}

class TreeWriter {
  /** Of files and links. */
  count = 0;
  readonly #folder: string;
  readonly #modes = new Map<string, number>();
  #open: number | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  entry(entry: TarEntry): void {
    this.#close();
    const file = this.#place(entry.path);
    if (entry.type === 'folder') {
      mkdirSync(file, { recursive: true });
      this.#modes.set(file, entry.mode);
      return;
    }
    this.count += 1;
    if (entry.type === 'link') symlinkSync(entry.target, file);
    else {
      this.#open = openSync(file, 'wx', 0o600);
      // Whatever the umask is.
      fchmodSync(this.#open, entry.mode);
    }
  }

  data(chunk: Buffer): void {
    if (this.#open !== undefined) writeFileSync(this.#open, chunk);
  }

  finish(): void {
    this.#close();
    // Last, and from the inside out: a folder may be one that nothing can be written into.
    for (const [folder, mode] of [...this.#modes].reverse()) {
      if (lstatSync(folder).isDirectory()) chmodSync(folder, mode);
    }
  }

  #close(): void {
    if (this.#open !== undefined) closeSync(this.#open);
    this.#open = undefined;
  }

  /** The path of an entry, its folders made; never outside the folder, by `..` or through a link. */
  #place(name: string): string {
    const parts = name.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0')))
      throw new Error(`the archive has an entry named ${JSON.stringify(name)}`);
    let folder = this.#folder;
    for (const part of parts.slice(0, -1)) {
      folder = path.join(folder, part);
      mkdirSync(folder, { recursive: true });
      if (!lstatSync(folder).isDirectory()) throw new Error(`the archive writes through the link ${folder}`);
    }
    return path.join(this.#folder, ...parts);
  }
}

function damaged(file: string, cause?: unknown): DiagnosticError {
  return new DiagnosticError(
    errorDiagnostic('CONTAINER_CODE_DAMAGED', `${file} does not have the content it is named by`, {
      hint: `remove it, then try again: it is fetched from the bucket where there is one`,
      cause,
    }),
    3,
  );
}

import { hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createContentHash } from './content-hash.ts';
import { type DigestScheme, type DigestText, formatDigestScheme } from './digest.ts';

/** Up to this size a file is read at once and synchronously, which costs a fraction of doing it by events. */
export const smallFile = 1 << 20;
export const chunkSize = 1 << 20;

/** Computes a file's digest by a scheme. */
export async function digestFile(
  path: string,
  size: number,
  scheme: DigestScheme,
  signal: AbortSignal,
): Promise<DigestText> {
  if (size <= smallFile && (scheme.partSize === undefined || scheme.partSize >= size)) {
    const bytes = readSmallFile(path);
    if (bytes.length <= smallFile) return digestBytes(bytes, scheme);
  }
  const file = await open(path);
  try {
    const { algorithm, partSize } = scheme;
    const [pieces = []] = await digestPieces(file, size, { algorithms: [algorithm], partSize }, signal);
    return combinePieces(pieces, scheme);
  } finally {
    await file.close();
  }
}

export function digestBytes(bytes: Uint8Array, scheme: DigestScheme): DigestText {
  const whole = createContentHash(scheme.algorithm);
  whole.update(bytes);
  return combinePieces([whole.digest()], scheme);
}

/** By each algorithm, the digests of the pieces of an open file, in order; one where `partSize` is not given. */
export async function digestPieces(
  file: FileHandle,
  size: number,
  by: { readonly algorithms: readonly DigestScheme['algorithm'][]; readonly partSize: number | undefined },
  signal: AbortSignal,
): Promise<Buffer[][]> {
  const partSize = by.partSize ?? Math.max(size, 1);
  const pieces: Buffer[][] = by.algorithms.map(() => []);
  const buffer = Buffer.allocUnsafe(Math.min(chunkSize, partSize, Math.max(size, 1)));
  for (let start = 0; start < Math.max(size, 1); start += partSize) {
    const end = Math.min(size, start + partSize);
    const hashes = by.algorithms.map(createContentHash);
    for (let at = start; at < end; ) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) throw new FileChanged();
      for (const each of hashes) each.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    hashes.forEach((each, index) => {
      pieces[index]?.push(each.digest());
    });
  }
  return pieces;
}

/** The digest of the whole from those of its pieces. */
export function combinePieces(pieces: readonly Buffer[], scheme: DigestScheme): DigestText {
  const [first] = pieces;
  if (scheme.partSize === undefined && first !== undefined)
    return `${scheme.algorithm}:${first.toString('hex')}`;
  const count = scheme.algorithm === 'md5' ? `-${pieces.length}` : '';
  const over = scheme.algorithm === 'md5' ? 'md5' : 'sha256';
  return `${formatDigestScheme(scheme)}:${hash(over, Buffer.concat(pieces))}${count}`;
}

/** The file is not as long as it was. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';

  constructor() {
    super('the file was changed while it was being read');
  }
}

/** The whole content of a file of {@link smallFile} bytes at most, as long as it is when it is opened. */
export function readSmallFile(path: string): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.allocUnsafe(size);
    let at = 0;
    while (at < size) {
      const read = readSync(descriptor, bytes, at, size - at, null);
      if (read === 0) throw new FileChanged();
      at += read;
    }
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

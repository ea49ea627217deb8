import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { holdsSecret } from '../render/project-files.ts';
import { listTree } from './list-tree.ts';
import { type TarEntry, tarEnd, tarHeader, tarPadding } from './tar.ts';

/** Snapshots of this project on this machine, relative to its root; the key in the bucket is the same path. */
export const snapshotFolder = '.toolbox/code';

export function snapshotKey(digest: string): string {
  return `${snapshotFolder}/${digest}.tar.gz`;
}

/** More unpacked bytes than this are data, not code. */
export const maxSnapshotBytes: number = 1024 ** 3;

export interface Snapshot {
  /** SHA-256 of the tar before it was packed: packers differ between machines, trees do not. */
  readonly digest: string;
  /**
   * The same without the files that say what is to run where: what they say is in the fingerprints, and what they say
   * of labels, retries or other trials changes none. The archive has them, for programs that read them.
   */
  readonly codeDigest: string;
  /** Absolute path of the packed tar. */
  readonly file: string;
  /** Bytes of it. */
  readonly packedSize: number;
  /** Whether a file of it has a secret's name, or one of the given values in it. */
  readonly holdsSecret: boolean;
}

interface PackOptions {
  /** The project's root. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Values of `.env`. */
  readonly secrets?: readonly string[];
}

/** Larger files are not searched for secrets: those are written by hand. */
const maxSearchedBytes = 1024 ** 2;

/**
 * Packs the working tree as it is now into `.toolbox/code/DIGEST.tar.gz`. The same tree gives the same digest on
 * every machine, so a second sweep of unchanged code finds its archive there.
 *
 * @throws DiagnosticError where the tree is too large, or changes meanwhile
 */
export async function packSnapshot(options: PackOptions): Promise<Snapshot> {
  const entries = await listTree(options);
  refuseLarge(entries);
  const folder = path.join(options.cwd, snapshotFolder);
  await mkdir(folder, { recursive: true });
  const whole = path.join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
  const hash = createHash('sha256');
  const codeHash = createHash('sha256');
  try {
    await pipeline(
      async function* () {
        for (const entry of entries) {
          for await (const chunk of tarBytes(entry, options.cwd)) {
            hash.update(chunk);
            if (!isLaunchFile(entry.path)) codeHash.update(chunk);
            yield chunk;
          }
        }
        hash.update(tarEnd);
        yield tarEnd;
      },
      process.getBuiltinModule('node:zlib').createGzip(),
      createWriteStream(whole, { mode: 0o600 }),
      { signal: options.signal },
    );
    const digest = hash.digest('hex');
    const file = path.join(options.cwd, snapshotKey(digest));
    await rename(whole, file);
    const { size: packedSize } = await stat(file);
    const codeDigest = codeHash.update(tarEnd).digest('hex');
    return { digest, codeDigest, file, packedSize, holdsSecret: await hasSecret(entries, options) };
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  } finally {
    await rm(whole, { force: true });
  }
}

async function hasSecret(entries: readonly TarEntry[], { cwd, secrets = [] }: PackOptions): Promise<boolean> {
  for (const entry of entries) {
    if (entry.type !== 'file') continue;
    const isSearched = entry.size <= maxSearchedBytes && secrets.length > 0;
    const bytes = isSearched ? await readFile(path.join(cwd, entry.path)).catch(() => undefined) : undefined;
    if (holdsSecret({ path: entry.path, bytes: bytes ?? Buffer.alloc(0), executable: false }, secrets))
      return true;
  }
  return false;
}

function isLaunchFile(name: string): boolean {
  return name === 'config/launch.yaml' || name === 'config/kube.yaml';
}

/** An entry of the archive as it stands in it. */
async function* tarBytes(entry: TarEntry, cwd: string): AsyncGenerator<Buffer> {
  yield tarHeader(entry);
  if (entry.type !== 'file') return;
  let read = 0;
  try {
    // One byte more than there should be tells a file that grew.
    for await (const chunk of createReadStream(path.join(cwd, entry.path), { end: entry.size })) {
      read += (chunk as Buffer).length;
      if (read <= entry.size) yield chunk as Buffer;
    }
  } catch (error) {
    throw changed(entry.path, error);
  }
  if (read !== entry.size) throw changed(entry.path);
  yield tarPadding(entry.size);
}

function changed(name: string, cause?: unknown): DiagnosticError {
  const message = `${name} changed while the snapshot was packed`;
  return new DiagnosticError(
    errorDiagnostic('CONTAINER_SNAPSHOT_CHANGED', message, {
      hint: 'run the command again; a file that is always written to belongs into .gitignore',
      cause,
    }),
    3,
  );
}

function refuseLarge(entries: readonly TarEntry[]): void {
  const files = entries.filter((entry) => entry.type === 'file');
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > maxSnapshotBytes) throw tooLarge(`the files of the snapshot are ${mebibytes(total)}`, files);
}

/** @param why without what to do about it: `the packed snapshot is 4 MiB, and …` */
export function tooLarge(
  why: string,
  files: readonly { readonly path: string; readonly size: number }[],
): DiagnosticError {
  const largest = files
    .toSorted((a, b) => b.size - a.size)
    .slice(0, 3)
    .map((file) => `${file.path} (${mebibytes(file.size)})`);
  const hint = `put data and results into .gitignore${largest.length > 0 ? `; the largest files are ${largest.join(', ')}` : ''}`;
  return new DiagnosticError(errorDiagnostic('CONTAINER_SNAPSHOT_TOO_LARGE', why, { hint }), 2);
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

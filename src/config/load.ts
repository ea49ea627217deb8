import { isUtf8 } from 'node:buffer';
import { constants, type FileHandle, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describeBrokenLink } from '../broken-link.ts';
import type { Context } from '../context.ts';
import { type Checked, type Diagnostic, errorDiagnostic, type Location } from '../diagnostics/diagnostic.ts';
import { hintFor } from '../diagnostics/nearest-name.ts';
import { SourceFile } from '../diagnostics/source-file.ts';
import { packageRoot } from '../package-root.ts';

/** The files of a project as they are on disk. A file that is not there, or cannot be read, is `undefined`. */
export interface Sources {
  readonly launch?: SourceFile | undefined;
  readonly kube?: SourceFile | undefined;
  readonly dotenv?: SourceFile | undefined;
  /** Base name of the project's folder. */
  readonly folder: string;
  /** Files that are there but cannot be read, and a missing launch.yaml. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A configuration is kilobytes; what is larger is a mistake that must not cost minutes. */
const maxBytes = 4 * 1024 * 1024;

/** Reads `config/launch.yaml`, `config/kube.yaml` and `.env` below the context's folder. */
export async function loadSources(context: Pick<Context, 'cwd'>): Promise<Sources> {
  const names = ['config/launch.yaml', 'config/kube.yaml', '.env'] as const;
  const [launch, kube, dotenv] = await Promise.all(names.map((name) => loadFile(context.cwd, name)));
  const diagnostics = [launch, kube, dotenv].flatMap((each) => each?.diagnostic ?? []);
  if (launch?.missing === true) {
    diagnostics.unshift(
      errorDiagnostic('CONFIG_NO_LAUNCH', `there is no config/launch.yaml in ${context.cwd}`, {
        hint: 'type "make init" to write one, or go to the folder that has it',
      }),
    );
  }
  return {
    launch: launch?.file,
    kube: kube?.file,
    dotenv: dotenv?.file,
    folder: path.basename(path.resolve(context.cwd)) || 'project',
    diagnostics,
  };
}

/**
 * Reads a policy pack: a name means one that is shipped, anything with a dot or a slash a file of the project.
 *
 * @param location where it was named, for the message when there is none
 */
export async function loadPolicy(
  context: Pick<Context, 'cwd'>,
  name: string,
  location: Location | undefined,
): Promise<Checked<SourceFile>> {
  const shipped = !/[./]/.test(name);
  const folder = shipped ? path.join(packageRoot(), 'policies') : context.cwd;
  const { file, diagnostic, missing } = await loadFile(folder, shipped ? `${name}.yaml` : name);
  if (file !== undefined) return { ok: true, value: file, diagnostics: [] };
  if (missing !== true) return { ok: false, diagnostics: diagnostic === undefined ? [] : [diagnostic] };
  const known = shipped ? (await readdir(folder)).map((each) => each.replace('.yaml', '')) : [];
  const hint = shipped
    ? (hintFor(name, known) ??
      `shipped packs: ${known.join(', ')}; for your own, write its path, as ./${name}.yaml`)
    : "write its path from the project's folder";
  return {
    ok: false,
    diagnostics: [
      errorDiagnostic('POLICY_NOT_FOUND', `there is no policy pack "${name}"`, { location, hint }),
    ],
  };
}

interface Loaded {
  readonly file?: SourceFile;
  readonly diagnostic?: Diagnostic;
  readonly missing?: boolean;
}

async function loadFile(folder: string, name: string): Promise<Loaded> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a FIFO would wait for its writer.
    handle = await open(path.join(folder, name), constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) {
      const what = stats.isDirectory() ? 'a folder' : 'not a regular file';
      return refuse('CONFIG_UNREADABLE', `${name} is ${what}`, 'put a text file in its place');
    }
    const bytes = await readUpTo(handle, maxBytes + 1);
    if (bytes.length > maxBytes) {
      const hint = 'let hyperparameters span the matrix, and keep data out of it';
      return refuse('CONFIG_TOO_LARGE', `${name} is larger than ${maxBytes / 1024 / 1024} MiB`, hint);
    }
    return decode(name, bytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const link =
      code === 'ENOENT' || code === 'ELOOP' ? describeBrokenLink(path.join(folder, name)) : undefined;
    if (link !== undefined)
      return refuse(
        'CONFIG_UNREADABLE',
        `${name} is ${link}`,
        'put a text file in its place, or mend the link',
      );
    if (code === 'ENOENT' || code === 'ENOTDIR') return { missing: true };
    if (code === undefined) throw error;
    const hint = code === 'EACCES' || code === 'EPERM' ? `type: chmod u+r ${name}` : undefined;
    return refuse('CONFIG_UNREADABLE', `${name} cannot be read: ${message}`, hint);
  } finally {
    await handle?.close();
  }
}

/** The file's size is not to be trusted: it may grow, and files in /proc have none. */
async function readUpTo(handle: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < limit) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(64 * 1024), 0, 64 * 1024, null);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(chunks);
}

function decode(name: string, bytes: Buffer): Loaded {
  const secret = name === '.env';
  if (isUtf8(bytes)) {
    const text = bytes.toString('utf8');
    // Editors on Windows put a byte order mark first; it is no part of the text.
    return { file: new SourceFile(name, text.startsWith('\uFEFF') ? text.slice(1) : text, { secret }) };
  }
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const hint = utf16 ? 'it is UTF-16: save it as UTF-8' : 'save it as UTF-8';
  const file = new SourceFile(name, bytes.toString('utf8'), { secret });
  const offset = Math.max(utf16 ? 0 : file.text.indexOf('\uFFFD'), 0);
  return {
    diagnostic: errorDiagnostic('CONFIG_NOT_UTF8', `${name} is not UTF-8 text`, {
      location: { file, offset, length: utf16 ? 0 : 1 },
      hint,
    }),
  };
}

function refuse(
  code: 'CONFIG_UNREADABLE' | 'CONFIG_TOO_LARGE',
  message: string,
  hint: string | undefined,
): Loaded {
  return { diagnostic: errorDiagnostic(code, message, { hint }) };
}

import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { describeBrokenLink } from '../broken-link.ts';
import { type Diagnostic, errorDiagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import { isGlob } from '../glob.ts';
import { hintToRename, misnamed } from '../misnamed.ts';
import { describeSpecial } from '../special-file.ts';
import { printable, whyUnsafe } from './safe-key.ts';

/** A regular file as it was when it was looked at. The times tell whether it has been written since. */
export interface LocalFile {
  /** Relative to the root, with `/`: the key. */
  readonly key: string;
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
  /** When it was looked at, in milliseconds since the epoch. */
  readonly lookedAt: number;
}

export interface LocalFiles {
  readonly files: readonly LocalFile[];
  /** Links in a circle, sockets, pipes and devices: no content to move. */
  readonly ignored: readonly Diagnostic[];
  /** Names that cannot be keys, and what has no content and was named itself. */
  readonly refused: readonly Diagnostic[];
  /** What could not be read, by its key. */
  readonly unreadable: readonly { readonly key: string; readonly diagnostic: Diagnostic }[];
  /** Keys of what could not be looked into, whether it matches or not: there may be matches below. */
  readonly hidden: readonly string[];
  /** The folders that were walked, each with what it is to the system: a mount or an exchange makes another of it. */
  readonly folders: ReadonlyMap<string, string>;
}

/** Temporary files of downloads; never uploaded. */
export const temporaryPrefix = '.ktb-';

/**
 * Never taken along with a folder: the toolbox's own records, version control, and the file with the secrets with its
 * copies (`.env.local`, `.env~`, `.env2`), but for examples of one.
 */
const privateName = /^\.(toolbox|git|env(?!\.(example|sample|template|dist)$)([.~_-].*|\d*))$/;
/** Of folders; `.env` is what some call a Python environment. */
const privateFolder = /^\.(toolbox|git|env)$/;

/** Why a key is not moved along with its folder, in either direction, unless `file=` names what is in it. */
export function whyPrivate(
  key: string,
  { exact, folder }: { readonly exact: string | undefined; readonly folder: string },
): string | undefined {
  const rest = key.startsWith(folder) ? key.slice(folder.length) : key;
  if (key === exact || !/(?:^|\/)\.(?:ktb-|toolbox|git|env)/.test(rest)) return undefined;
  const parts = rest.split('/');
  const isPrivate = (part: string, index: number) =>
    part.startsWith(temporaryPrefix) || (index < parts.length - 1 ? privateFolder : privateName).test(part);
  const name = parts.find(isPrivate);
  return name === undefined ? undefined : `"${name}" is only moved when it is named`;
}

/**
 * The regular files that match, found below `folder` or as `exact`, and what else was met there. Links are followed.
 */
export async function findLocalFiles(
  root: string,
  selection: {
    readonly exact: string | undefined;
    readonly folder: string;
    readonly matches: (key: string) => boolean;
  },
  signal: AbortSignal,
): Promise<LocalFiles> {
  const walk = new Walk(root, selection.matches, signal);
  // A file may be called what looks like a pattern; then it is one of those that match.
  const exact = selection.exact === undefined || isGlob(selection.exact) ? undefined : selection.exact;
  const info = exact === undefined ? undefined : statOrUndefined(join(root, exact));
  if (exact !== undefined && info !== undefined && !info.isDirectory())
    walk.take(exact, join(root, exact), info, true);
  else if (exact !== undefined && info === undefined && walk.isMisnamed(exact)) return walk;
  else await walk.folder(selection.folder);
  return walk;
}

/** The file behind a path, or `undefined` where there is none. */
export function statLocalFile(key: string, path: string): LocalFile | undefined {
  const info = statOrUndefined(path);
  return info?.isFile() === true ? describeLocalFile(key, path, info) : undefined;
}

/** Whether an error is one of the operating system's, of these codes. */
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

class Walk implements LocalFiles {
  readonly files: LocalFile[] = [];
  readonly ignored: Diagnostic[] = [];
  readonly refused: Diagnostic[] = [];
  readonly unreadable: { key: string; diagnostic: Diagnostic }[] = [];
  readonly hidden: string[] = [];
  readonly folders = new Map<string, string>();
  readonly #root: string;
  readonly #matches: (key: string) => boolean;
  readonly #signal: AbortSignal;
  /** Folders that a link below them leads back to. */
  readonly #circular = new Set<string>();
  #looked = 0;

  constructor(root: string, matches: (key: string) => boolean, signal: AbortSignal) {
    this.#root = root;
    this.#matches = matches;
    this.#signal = signal;
  }

  /**
   * `prefix` ends in `/`, or is empty. `above`: device and inode of the folders on the way, to see circles; `links`: how
   * many links are on the way. Folders that are linked to each other have a path for each order of them, so that a link
   * from a linked folder into a circle counts as going in one.
   */
  async folder(prefix: string, above: readonly string[] = [], links = 0, isLink = false): Promise<void> {
    const path = join(this.#root, prefix);
    const info = statOrUndefined(path);
    if (info === undefined || !info.isDirectory()) return;
    const identity = `${info.dev}:${info.ino}`;
    const circle = above.indexOf(identity);
    if (circle !== -1) for (const each of above.slice(circle)) this.#circular.add(each);
    if (circle !== -1 || (isLink && links > 1 && this.#circular.has(identity))) {
      const key = prefix.slice(0, -1);
      if (this.#matches(key)) this.#skip(key, 'it is a link in a circle');
      return;
    }
    this.folders.set(prefix, identity);
    let entries: string[];
    try {
      entries = readdirSync(path);
    } catch (error) {
      this.hidden.push(prefix);
      this.#fail(prefix, error instanceof Error ? error.message : String(error));
      return;
    }
    for (const name of entries.sort()) {
      // File systems are asked synchronously, which is several times cheaper; others get their turn in between.
      if (++this.#looked % 256 === 0) {
        await breathe();
        this.#signal.throwIfAborted();
      }
      if (name.startsWith(temporaryPrefix)) continue;
      const key = `${prefix}${name}`;
      const full = join(path, name);
      const found = statOrUndefined(full);
      if ((found?.isDirectory() === true ? privateFolder : privateName).test(name)) {
        // At the top everybody has some; what is left out of a folder of results is told.
        if (prefix !== '' && this.#matches(found?.isDirectory() === true ? `${key}/` : key))
          this.#skip(key, 'such names are only moved when they are named');
        continue;
      }
      if (found === undefined) this.#broken(key);
      else if (found.isDirectory()) {
        const isLink = isLinkAt(full);
        await this.folder(`${key}/`, [...above, identity], links + Number(isLink), isLink);
      } else this.take(key, full, found);
    }
  }

  take(key: string, path: string, info: Stats, named = false): void {
    if (!named && !this.#matches(key)) return;
    if (!info.isFile()) {
      const why = `it is ${describeSpecial(info)}`;
      // What was asked for by its name and cannot be had is more than a remark.
      if (named) this.#refuse(key, why, { code: 'S3_FILE_SKIPPED' });
      else this.#skip(key, why);
      return;
    }
    const why = whyUnsafe(key);
    if (why === undefined) this.files.push(describeLocalFile(key, path, info));
    else this.#refuse(key, why);
  }

  /** Whether the file has a name that is no text; then it is refused where it is meant. */
  isMisnamed(key: string): boolean {
    const cut = key.lastIndexOf('/') + 1;
    const name = misnamed(join(this.#root, key.slice(0, cut)), key.slice(cut));
    if (name === undefined) return false;
    const escaped = key.slice(0, cut) + name;
    if (this.#matches(key))
      this.#refuse(escaped, 'its name is not valid UTF-8', { hint: hintToRename(escaped) });
    return true;
  }

  #broken(key: string): void {
    const meant = this.#matches(key);
    if (this.isMisnamed(key)) return;
    let info: Stats | undefined;
    let why = 'it cannot be read';
    try {
      info = lstatSync(join(this.#root, key), { throwIfNoEntry: false });
      // Gone between reading the folder and now: not there is not there.
      if (info === undefined) return;
    } catch (error) {
      if (error instanceof Error) why = error.message;
    }
    this.hidden.push(key);
    if (!meant) return;
    if (info?.isSymbolicLink() === true)
      this.#skip(
        key,
        `it is ${describeBrokenLink(join(this.#root, key)) ?? 'a link that cannot be followed'}`,
      );
    else this.#fail(key, why);
  }

  #fail(key: string, why: string): void {
    this.unreadable.push({ key, diagnostic: errorDiagnostic('S3_FILE_FAILED', `${printable(key)}: ${why}`) });
  }

  #skip(key: string, why: string): void {
    this.ignored.push(warningDiagnostic('S3_FILE_SKIPPED', `skipped ${printable(key)}: ${why}`));
  }

  #refuse(
    key: string,
    why: string,
    { code = 'S3_KEY_REFUSED', hint }: { code?: 'S3_KEY_REFUSED' | 'S3_FILE_SKIPPED'; hint?: string } = {},
  ): void {
    this.refused.push(warningDiagnostic(code, `skipped ${printable(key)}: ${why}`, { hint }));
  }
}

export function describeLocalFile(key: string, path: string, info: Stats): LocalFile {
  const { size, mtimeMs, ctimeMs, ino } = info;
  return { key, path, size, mtimeMs, ctimeMs, ino, lookedAt: Date.now() };
}

/** Whether a file has not been written since, as far as the file system tells. */
export function isUnchanged(before: LocalFile, now: LocalFile): boolean {
  return (
    before.size === now.size &&
    before.mtimeMs === now.mtimeMs &&
    before.ctimeMs === now.ctimeMs &&
    before.ino === now.ino
  );
}

/** Also what network file systems say when their server is away. */
const unreadableCodes = [
  'ELOOP',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'ENAMETOOLONG',
  'EIO',
  'ESTALE',
  'ENOTCONN',
  'EHOSTDOWN',
  'ETIMEDOUT',
];

function isLinkAt(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** `undefined` where nothing is there or the links to it go in a circle. */
function statOrUndefined(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isSystemError(error, ...unreadableCodes)) return undefined;
    throw error;
  }
}

import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { describeBrokenLink } from '../broken-link.ts';
import { describeSpecial } from '../special-file.ts';
import { isSystemError } from './local-file.ts';
import { makeFolder } from './make-folder.ts';
import { whyUnsafe } from './safe-key.ts';
import { shownPath } from './shown-path.ts';
import { StoreError } from './store-error.ts';

/** Where a key's content may be written, or why nowhere. */
export type Target =
  | { readonly path: string; readonly existing: Stats | undefined }
  | { readonly refused: string };

type Folder = { readonly real: string } | { readonly refused: string };

/**
 * Turns keys into paths below one folder. Every folder on the way is looked at for itself: a link counts only where it
 * leads to a place below the root, and what is made is made in the real folder.
 */
export class SafeTargets {
  readonly #root: string;
  readonly #create: boolean;
  readonly #show: (name: string) => string;
  readonly #folders = new Map<string, Folder>();

  /**
   * @param create false: looks only, and a folder that is missing counts as one that could be made
   * @param project what is in the way is named as it is seen from here
   */
  constructor(root: string, create: boolean, project = root) {
    this.#create = create;
    this.#show = (name) => shownPath(join(root, name), project);
    if (create) makeFolder(root);
    this.#root = realOrSame(root);
    this.#folders.set('', { real: this.#root });
  }

  /** For a file. Keys that end in `/` are folders, see {@link folder}. */
  file(key: string): Target {
    const unsafe = whyUnsafe(key);
    if (unsafe !== undefined) return { refused: unsafe };
    const cut = key.lastIndexOf('/');
    const folder = this.folder(key.slice(0, Math.max(0, cut)));
    if ('refused' in folder) return folder;
    return this.#resolve(join(folder.real, key.slice(cut + 1)));
  }

  /** Throws where a path that was given out leads elsewhere by now: a folder on the way may have become a link. */
  confirm(path: string): void {
    const folder = dirname(path);
    const real = realOrUndefined(folder);
    // Where it is gone, writing will tell.
    if (real === undefined || real === folder) return;
    const message = `${path} was not written: a folder on the way became a link meanwhile`;
    throw new StoreError('refused', 'S3_KEY_REFUSED', message);
  }

  /** A folder by its key, with or without the last `/`. */
  folder(key: string): Folder {
    const name = key.endsWith('/') ? key.slice(0, -1) : key;
    const known = this.#folders.get(name);
    if (known !== undefined) return known;
    const found = this.#findFolder(name);
    this.#folders.set(name, found);
    return found;
  }

  /** The folders that were asked for and can be had. */
  *folders(): Generator<string> {
    for (const folder of this.#folders.values()) if ('real' in folder) yield folder.real;
  }

  #findFolder(name: string): Folder {
    const unsafe = whyUnsafe(name);
    if (unsafe !== undefined) return { refused: unsafe };
    const cut = name.lastIndexOf('/');
    const parent = this.folder(name.slice(0, Math.max(0, cut)));
    if ('refused' in parent) return parent;
    const path = join(parent.real, name.slice(cut + 1));
    const info = lstatSync(path, { throwIfNoEntry: false });
    if (info === undefined) {
      if (this.#create) makeFolder(path);
      return { real: path };
    }
    if (info.isDirectory()) return { real: path };
    if (!info.isSymbolicLink())
      return { refused: `${this.#show(name)} is ${describeSpecial(info) ?? 'a file'}` };
    const real = realOrUndefined(path);
    if (real === undefined) return { refused: `${this.#show(name)} is ${brokenLink(path)}` };
    if (!this.#inside(real)) return { refused: `${this.#show(name)} is a link that leads out of the folder` };
    return lstatSync(real).isDirectory() ? { real } : { refused: `${this.#show(name)} is a link to a file` };
  }

  #resolve(path: string): Target {
    const info = lstatSync(path, { throwIfNoEntry: false });
    if (info === undefined || info.isFile()) return { path, existing: info };
    if (info.isDirectory()) return { refused: 'there is a folder of that name' };
    if (!info.isSymbolicLink()) return { refused: 'there is something of that name that is no file' };
    const real = realOrUndefined(path);
    if (real === undefined) return { refused: `there is ${brokenLink(path)}` };
    if (!this.#inside(real)) return { refused: 'there is a link that leads out of the folder' };
    return this.#resolve(real);
  }

  #inside(real: string): boolean {
    return real === this.#root || real.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep);
  }
}

function brokenLink(path: string): string {
  return describeBrokenLink(path) ?? 'a link that cannot be followed';
}

/** The real path of a folder that may not exist yet. */
function realOrSame(path: string): string {
  const real = realOrUndefined(path);
  if (real !== undefined) return real;
  const parent = dirname(path);
  return parent === path ? path : join(realOrSame(parent), path.slice(parent.length));
}

function realOrUndefined(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ELOOP', 'ENOTDIR')) return undefined;
    throw error;
  }
}

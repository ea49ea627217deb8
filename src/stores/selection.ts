import { isAbsolute, normalize, relative } from 'node:path/posix';
import { type Checked, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { isGlob, parseGlob } from '../glob.ts';

/** Which keys a `file=` means, narrowed by `include=` and `exclude=`. */
export interface Selection {
  /** As it was written. */
  readonly text: string;
  /** The one key that `file=` may mean as it stands; `undefined` for folders. */
  readonly exact: string | undefined;
  /** What all other keys begin with. */
  readonly prefix: string;
  /** The folder to walk for local matches, relative to the root; empty: the root. */
  readonly folder: string;
  /** Whether a key with this prefix, or the exact one, is meant. */
  matches(key: string): boolean;
}

export interface SelectionOptions {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/**
 * Reads `file=`: a file (`data/1.txt`), a folder (`data/`, or `data` with something below), or a pattern
 * (`data/*.txt`). Absolute paths below `root` are taken relative to it; nothing may lie outside.
 */
export function parseSelection(
  text: string,
  root: string,
  options: SelectionOptions = {},
): Checked<Selection> {
  if (text === '') {
    const diagnostic = errorDiagnostic('S3_PATH_OUTSIDE', 'an empty path names nothing', {
      hint: '"." means all',
    });
    return { ok: false, diagnostics: [diagnostic] };
  }
  if (text === '~' || text.startsWith('~/')) {
    const message = `"${text}" begins with a ~ that the shell has not expanded`;
    const hint = 'write the whole path, or $HOME/x; ./~ for a key of that name';
    return { ok: false, diagnostics: [errorDiagnostic('S3_PATH_OUTSIDE', message, { hint })] };
  }
  // No command line brings one here, but the library and the server do: half of a pair has no bytes to send.
  if (!text.isWellFormed()) {
    const message = `${JSON.stringify(text)} is not valid Unicode, so it is no key`;
    return { ok: false, diagnostics: [errorDiagnostic('S3_KEY_REFUSED', message)] };
  }
  const relativeText = isAbsolute(text) ? relative(root, text) + (text.endsWith('/') ? '/' : '') : text;
  // Normalizing would take `..` out of patterns too, which is right: a pattern has no other use for it.
  const path = normalize(relativeText === '' ? '.' : relativeText).replace(/^\.\/?$/, '');
  if (path === '..' || path.startsWith('../')) {
    const message = `"${text}" is not below ${root}, so it has no key`;
    const hint = 'give a path below the project; local_path= says where the files are';
    return { ok: false, diagnostics: [errorDiagnostic('S3_PATH_OUTSIDE', message, { hint })] };
  }
  const wanted = parseFilter(options);
  const selection = isGlob(path) ? ofPattern(text, path) : ofPath(text, path);
  const matches = (key: string) => selection.matches(key) && wanted(key);
  return { ok: true, value: { ...selection, matches }, diagnostics: [] };
}

function ofPath(text: string, path: string): Selection {
  if (path === '' || path.endsWith('/'))
    return { text, exact: undefined, prefix: path, folder: path, matches: (key) => key.startsWith(path) };
  const below = `${path}/`;
  const matches = (key: string) => key === path || key.startsWith(below);
  return { text, exact: path, prefix: below, folder: below, matches };
}

function ofPattern(text: string, path: string): Selection {
  // `data/*/` means what is below the folders that match.
  const glob = parseGlob(path.endsWith('/') ? `${path}*` : path);
  const folder = glob.prefix.slice(0, glob.prefix.lastIndexOf('/') + 1);
  // A file or folder may be called what looks like a pattern.
  const below = path.endsWith('/') ? path : `${path}/`;
  const matches = (key: string) => key === path || key.startsWith(below) || glob.matches(key);
  return { text, exact: path, prefix: glob.prefix, folder, matches };
}

/**
 * `include=` keeps only what one of its patterns matches, `exclude=` drops what one matches. A pattern without `/` may
 * match the last part of the key alone; one that ends in `/` means all below.
 */
function parseFilter({ include = [], exclude = [] }: SelectionOptions): (key: string) => boolean {
  const includes = include.map(parseFilterPattern);
  const excludes = exclude.map(parseFilterPattern);
  return (key) =>
    (includes.length === 0 || includes.some((matches) => matches(key))) &&
    !excludes.some((matches) => matches(key));
}

function parseFilterPattern(text: string): (key: string) => boolean {
  const glob = parseGlob(text.endsWith('/') ? `${text}*` : text);
  if (text.includes('/')) return (key) => glob.matches(key);
  return (key) => glob.matches(key) || glob.matches(key.slice(key.lastIndexOf('/') + 1));
}

import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { lstat, mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { git } from './git-command.ts';
import type { TarEntry } from './tar.ts';

type Options = Parameters<typeof git>[1];

/**
 * The files of a snapshot: tracked ones, and untracked ones that `.gitignore` does not name, submodules
 * included, as they are on disk, in the order of their paths' bytes. Works in a folder without a repository too.
 * Never `.env`, `.ssh/` and `.toolbox/`, whatever git says of them: a snapshot holds no secret; nor `build/`
 * where it is not tracked.
 */
export async function listTree(options: Options): Promise<TarEntry[]> {
  const paths = await listPaths(options, '');
  const entries: TarEntry[] = [];
  for (const name of paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
    options.signal.throwIfAborted();
    const file = path.join(options.cwd, name);
    const stats = await lstat(file).catch(() => undefined);
    // Tracked and deleted: the tree as it is now does not have it.
    if (stats?.isFile())
      entries.push({ type: 'file', path: name, executable: (stats.mode & 0o100) !== 0, size: stats.size });
    else if (stats?.isSymbolicLink())
      entries.push({ type: 'link', path: name, target: await readlink(file) });
  }
  return entries;
}

async function listPaths(options: Options, prefix: string): Promise<string[]> {
  const list = ['ls-files', '-z', '-t', '--cached', '--others', '--exclude-standard'];
  const listed = await git(list, options);
  const bytes = listed.code === 0 ? listed.stdout : await listWithoutRepository(list, options);
  const text = bytes.toString('utf8');
  if (!isUtf8(bytes)) throw notUtf8(text.split('\0').find((entry) => entry.includes('\uFFFD')) ?? '');
  const found = new Set<string>();
  for (const entry of text.split('\0')) {
    if (entry === '') continue;
    const tracked = entry[0] !== '?';
    // A repository inside ends in a slash where it is untracked, and not where it is a submodule.
    const name = entry.slice(2).replace(/\/$/, '');
    if (isLeftOut(name) || (prefix === '' && !tracked && /^build(\/|$)/.test(name))) continue;
    const inner = path.join(options.cwd, name);
    const stats = await lstat(inner).catch(() => undefined);
    if (stats?.isDirectory()) {
      // A submodule that is not checked out has nothing, and git would list the repository around it.
      if (!existsSync(path.join(inner, '.git'))) continue;
      for (const below of await listPaths({ ...options, cwd: inner }, `${prefix}${name}/`)) found.add(below);
    } else found.add(prefix + name);
  }
  return [...found];
}

/** @param entry of `git ls-files -t`: a letter and a blank before the name */
function notUtf8(entry: string): DiagnosticError {
  return new DiagnosticError(
    errorDiagnostic('CONTAINER_NAME_NOT_UTF8', `the name of ${entry.slice(2)} is not UTF-8`, {
      hint: 'rename the file, or put it into .gitignore',
    }),
    2,
  );
}

/** Secrets, wherever they are, and our own. */
function isLeftOut(name: string): boolean {
  return /(^|\/)(\.env$|\.(ssh|toolbox)(\/|$))/.test(name);
}

/** Lists a folder by the rules of its `.gitignore`, with a repository that exists for the length of the listing. */
async function listWithoutRepository(list: readonly string[], options: Options): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kube-toolbox-git-'));
  try {
    await git(['init', '--quiet', '--bare', folder], options);
    const { code, stdout, stderr } = await git(
      ['-c', 'core.bare=false', `--git-dir=${folder}`, '--work-tree=.', ...list],
      options,
    );
    if (code !== 0) throw new Error(`git ls-files failed: ${stderr}`);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { isUtf8 } from 'node:buffer';
import { existsSync, readdirSync } from 'node:fs';
import { lstat, mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { escapeBytes, hintToRename } from '../misnamed.ts';
import { git } from './git-command.ts';
import type { TarEntry } from './tar.ts';

type Options = Parameters<typeof git>[1];
/** Runs git in the repository that the listed folder is in. */
type Run = (args: readonly string[], input?: string) => ReturnType<typeof git>;

/**
 * What a snapshot holds: the tracked files, and untracked ones that `.gitignore` does not name, submodules
 * included, and all folders that it does not name, empty ones too; as they are on disk, in the order of their paths'
 * bytes. Works in a folder without a repository too. Never `.env`, `.ssh/` and `.toolbox/`, whatever git says of
 * them: a snapshot holds no secret; nor `build/` where it is not tracked.
 */
export async function listTree(options: Options): Promise<TarEntry[]> {
  const paths = await listPaths(options, '');
  const entries: TarEntry[] = [];
  for (const name of paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
    options.signal.throwIfAborted();
    const file = path.join(options.cwd, name);
    const stats = await lstat(file).catch(() => undefined);
    const mode = (stats?.mode ?? 0) & 0o777;
    // Tracked and deleted: the tree as it is now does not have it.
    if (stats?.isFile()) entries.push({ type: 'file', path: name, mode, size: stats.size });
    else if (stats?.isDirectory()) entries.push({ type: 'folder', path: name, mode });
    else if (stats?.isSymbolicLink())
      entries.push({ type: 'link', path: name, target: await readlink(file) });
  }
  return entries;
}

async function listPaths(options: Options, prefix: string): Promise<string[]> {
  const run: Run = (args, input) => git(args, options, input);
  const inside = await run(['rev-parse', '--is-inside-work-tree']);
  if (inside.code === 0) return await pathsOf(run, options, prefix);
  return await withRepository(run, (own) => pathsOf(own, options, prefix));
}

async function pathsOf(run: Run, options: Options, prefix: string): Promise<string[]> {
  const { code, stdout, stderr } = await run([
    'ls-files',
    ...['-z', '-t', '--cached', '--others', '--exclude-standard'],
  ]);
  if (code !== 0) throw new Error(`git ls-files failed: ${stderr}`);
  const text = stdout.toString('utf8');
  if (!isUtf8(stdout)) throw notUtf8(stdout);
  const found = new Set<string>();
  for (const entry of text.split('\0')) {
    if (entry === '') continue;
    const tracked = entry[0] !== '?';
    // A repository inside ends in a slash where it is untracked, and not where it is a submodule.
    const name = entry.slice(2).replace(/\/$/, '');
    if (isLeftOut(name) || (prefix === '' && !tracked && isRendered(name))) continue;
    const inner = path.join(options.cwd, name);
    const stats = await lstat(inner).catch(() => undefined);
    if (stats?.isDirectory()) {
      // A submodule that is not checked out has nothing, and git would list the repository around it.
      if (!existsSync(path.join(inner, '.git'))) continue;
      for (const below of await listPaths({ ...options, cwd: inner }, `${prefix}${name}/`)) found.add(below);
    } else found.add(prefix + name);
  }
  for (const folder of await listFolders(run, options.cwd)) {
    if (prefix !== '' || !isRendered(folder)) found.add(prefix + folder);
  }
  return [...found];
}

/** The folders that `.gitignore` does not name. Repositories inside are listed, and not entered. */
async function listFolders(run: Run, cwd: string): Promise<string[]> {
  const found: string[] = [];
  for (let level = ['']; level.length > 0; ) {
    const below = level.flatMap((folder) =>
      readdirSync(path.join(cwd, folder), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name !== '.git' && !entry.name.includes('\uFFFD'))
        .map((entry) => path.posix.join(folder, entry.name))
        .filter((name) => !isLeftOut(name)),
    );
    const { stdout } = await run(
      ['check-ignore', '-z', '--stdin'],
      below.map((name) => `${name}\0`).join(''),
    );
    const ignored = new Set(stdout.toString('utf8').split('\0'));
    const kept = below.filter((name) => !ignored.has(name));
    found.push(...kept);
    level = kept.filter((name) => !existsSync(path.join(cwd, name, '.git')));
  }
  return found;
}

/** @param listed by `git ls-files -t`: a letter and a blank before each name */
function notUtf8(listed: Buffer): DiagnosticError {
  // Latin-1 keeps every byte.
  const entries = listed.toString('latin1').split('\0');
  const names = entries.map((entry) => Buffer.from(entry.slice(2), 'latin1'));
  const name = escapeBytes(names.find((each) => !isUtf8(each)) ?? Buffer.alloc(0));
  return new DiagnosticError(
    errorDiagnostic('CONTAINER_NAME_NOT_UTF8', `the name of ${name} is not valid UTF-8`, {
      hint: `${hintToRename(name)}, or put it into .gitignore`,
    }),
    2,
  );
}

/** Secrets, wherever they are, copies of `.env` among them but no example of one, and our own. */
function isLeftOut(name: string): boolean {
  return /(^|\/)(\.env(\.(?!(example|sample|template|dist)$)[^/]*|~)?$|\.(ssh|toolbox)(\/|$))/.test(name);
}

/** What `dryrun` writes. */
function isRendered(name: string): boolean {
  return /^build(\/|$)/.test(name);
}

/** For a folder that is in none: a repository that exists for as long as it is used. */
async function withRepository<T>(run: Run, use: (run: Run) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kube-toolbox-git-'));
  try {
    await run(['init', '--quiet', '--bare', folder]);
    const own = ['-c', 'core.bare=false', `--git-dir=${folder}`, '--work-tree=.'];
    return await use((args, input) => run([...own, ...args], input));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

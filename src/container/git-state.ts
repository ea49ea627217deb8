import { git, gitLine } from './git-command.ts';

/** What is checked out, as a sweep that is started now will run it. */
export interface GitState {
  /** Absolute. */
  readonly root: string;
  readonly commit: string;
  /** The folder asked about, relative to the root: `sub/folder`, or empty. */
  readonly prefix: string;
  /** URL of `origin` as it is written, credentials included; `undefined`: there is none. */
  readonly origin: string | undefined;
  /** Paths that differ from the commit, untracked ones included, relative to the root, in git's order. */
  readonly changes: readonly string[];
  /** Whether a branch of a remote has the commit, as far as the last fetch or push knows. */
  readonly pushed: boolean;
}

/** The state of the repository around a folder; `undefined` where there is none, or none with a commit. */
export async function readGitState(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<GitState | undefined> {
  const options = { cwd, env, signal };
  const root = await gitLine(['rev-parse', '--show-toplevel'], options);
  const commit = await gitLine(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], options);
  if (root === undefined || commit === undefined) return undefined;
  const [prefix, origin, status, holders] = await Promise.all([
    gitLine(['rev-parse', '--show-prefix'], options),
    gitLine(['config', '--get', 'remote.origin.url'], options),
    git(['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames'], options),
    gitLine(
      ['for-each-ref', '--contains', commit, '--count=1', '--format=%(refname)', 'refs/remotes'],
      options,
    ),
  ]);
  const changes = status.stdout
    .toString('utf8')
    .split('\0')
    .filter((entry) => entry !== '')
    // Two letters of state and a space.
    .map((entry) => entry.slice(3));
  return {
    root,
    commit,
    prefix: (prefix ?? '').replace(/\/$/, ''),
    origin,
    changes,
    pushed: holders !== undefined,
  };
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';

export interface SshKeyOptions {
  /** The variables of `.env`. */
  readonly variables: ReadonlyMap<string, string>;
  /** The project's root: relative paths in `.env`, and the deploy key in `.ssh/`, are below it. */
  readonly cwd: string;
  /** The user's home folder; `undefined`: none, and so no default key. */
  readonly home: string | undefined;
  /**
   * Whether to take `~/.ssh/github` where `.env` does not mention the variables at all. Written there and left
   * empty, they are filled in any case; a key that nobody asked for stays at home.
   */
  readonly identity: boolean;
  /** Also the deploy key of the project's `.ssh/`, with which pods clone. */
  readonly deployKey: boolean;
}

/**
 * The SSH variables that are empty in `.env`, filled in for the Secret: `SSH_PRIVATE_KEY_B64` and
 * `SSH_PUBLIC_KEY` from `GITHUB_SSH_KEY_PATH` and `GITHUB_SSH_PUBLIC_KEY_PATH`, else from `~/.ssh/github`;
 * `DEPLOY_KEY_B64` and `SSH_KNOWN_HOSTS` from the project's `.ssh/`. What is not there is left out. The values
 * are secrets.
 *
 * @throws DiagnosticError (exit 2) where a path named in `.env` cannot be read
 */
export async function readSshKeys(options: SshKeyOptions): Promise<ReadonlyMap<string, string>> {
  const { variables, cwd, home } = options;
  const found = new Map<string, string>();
  const isEmpty = (name: string) => (variables.get(name) ?? '').trim() === '';
  const named = (name: string) =>
    isEmpty(name) ? undefined : expandHome(variables.get(name) ?? '', cwd, home);

  const privatePath = named('GITHUB_SSH_KEY_PATH');
  const isAsked = options.identity || variables.has('SSH_PRIVATE_KEY_B64') || variables.has('SSH_PUBLIC_KEY');
  const standard = isAsked && home !== undefined ? path.join(home, '.ssh', 'github') : undefined;
  if (isEmpty('SSH_PRIVATE_KEY_B64')) {
    const key =
      privatePath === undefined
        ? standard && (await readMaybe(standard))
        : await readNamed(privatePath, 'GITHUB_SSH_KEY_PATH');
    if (key !== undefined) found.set('SSH_PRIVATE_KEY_B64', key.toString('base64'));
  }
  if (isEmpty('SSH_PUBLIC_KEY')) {
    const publicPath = named('GITHUB_SSH_PUBLIC_KEY_PATH');
    // The two belong together: beside another private key, ~/.ssh/github.pub would be the wrong one.
    const beside = privatePath ?? (isEmpty('SSH_PRIVATE_KEY_B64') ? standard : undefined);
    const key =
      publicPath === undefined
        ? beside && (await readMaybe(`${beside}.pub`))
        : await readNamed(publicPath, 'GITHUB_SSH_PUBLIC_KEY_PATH');
    if (key !== undefined) found.set('SSH_PUBLIC_KEY', key.toString('utf8').trim());
  }
  if (options.deployKey) {
    for (const name of ['id_ed25519', 'id_ecdsa', 'id_rsa']) {
      if (!isEmpty('DEPLOY_KEY_B64') || found.has('DEPLOY_KEY_B64')) break;
      const key = await readMaybe(path.join(cwd, '.ssh', name));
      if (key !== undefined) found.set('DEPLOY_KEY_B64', key.toString('base64'));
    }
    const hosts = isEmpty('SSH_KNOWN_HOSTS')
      ? await readMaybe(path.join(cwd, '.ssh', 'known_hosts'))
      : undefined;
    if (hosts !== undefined) found.set('SSH_KNOWN_HOSTS', hosts.toString('utf8').trim());
  }
  return found;
}

function expandHome(written: string, cwd: string, home: string | undefined): string {
  const expanded = home !== undefined && /^~(?=\/|$)/.test(written) ? home + written.slice(1) : written;
  return path.resolve(cwd, expanded);
}

async function readMaybe(file: string): Promise<Buffer | undefined> {
  const content = await readFile(file).catch(() => undefined);
  return content?.length === 0 ? undefined : content;
}

async function readNamed(file: string, variable: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new DiagnosticError(
      errorDiagnostic(
        'CONTAINER_KEY_UNREADABLE',
        `${variable} in .env names a file that cannot be read (${why})`,
        {
          hint: `mend the path, or remove the line to use ~/.ssh/github`,
          cause: error,
        },
      ),
      2,
    );
  }
}

import { spawn } from 'node:child_process';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';

export interface GitAnswer {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs git to its end.
 *
 * @throws DiagnosticError where there is no git, and the signal's reason
 */
export async function git(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal: AbortSignal;
  },
  input = '',
): Promise<GitAnswer> {
  const { cwd, env, signal } = options;
  signal.throwIfAborted();
  const child = spawn('git', args, {
    cwd,
    // Messages are compared with nothing, but a prompt would wait for ever.
    env: { ...env, GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  });
  // A git that ends without reading it is told by its exit code.
  child.stdin.on('error', () => {}).end(input);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  return await new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason);
      else if (error.code === 'ENOENT') {
        const hint = 'install git, or set `code: image` where the image has the code';
        reject(
          new DiagnosticError(
            errorDiagnostic('CONTAINER_NO_GIT', 'git is not on PATH', { hint, cause: error }),
            3,
          ),
        );
      } else reject(error);
    });
    child.on('close', (code) =>
      resolve({
        code: code ?? 1,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString('utf8').trim(),
      }),
    );
  });
}

/** The first line of what git prints, or `undefined` where it fails or prints nothing. */
export async function gitLine(
  args: readonly string[],
  options: Parameters<typeof git>[1],
): Promise<string | undefined> {
  const { code, stdout } = await git(args, options);
  const [line] = stdout.toString('utf8').split('\n', 1);
  return code === 0 && line ? line : undefined;
}

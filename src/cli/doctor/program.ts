import { execFile } from 'node:child_process';
import type { Context } from '../../context.ts';

export interface Answer {
  /** -1 where the program did not answer in time or was killed. */
  readonly code: number;
  readonly stdout: string;
}

/** Runs a program for what it prints; `undefined` where there is none of that name. */
export function ask(
  context: Context,
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>> = context.env,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const options = { cwd: context.cwd, env: { ...env }, timeout: 10_000, signal: context.signal };
    execFile(program, [...words], options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout: (stdout || stderr).trim() });
      else if (error.code === 'ENOENT') resolve(undefined);
      else resolve({ code: typeof error.code === 'number' ? error.code : -1, stdout: stdout.trim() });
    });
  });
}

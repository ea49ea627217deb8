import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const repository = path.resolve(import.meta.dirname, '../..');

/** What the stand-in for `dist/bin.js` saw. */
export interface Seen {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Makes a temporary folder, its links followed, that goes when the test does. */
export async function temporaryFolder(name = 'make'): Promise<{ path: string } & AsyncDisposable> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), `kube toolbox ${name} `)));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * Puts an installed toolbox into `folder`: the shipped Makefile and set-up, and in place of the command line
 * one that prints what it was called with, so that a test sees exactly what make handed over.
 */
export async function installStandIn(folder: string): Promise<void> {
  await mkdir(path.join(folder, 'dist'), { recursive: true });
  await cp(path.join(repository, 'Makefile'), path.join(folder, 'Makefile'));
  await cp(path.join(repository, 'setup'), path.join(folder, 'setup'), { recursive: true });
  const program =
    'console.log(JSON.stringify({ argv: process.argv.slice(2), cwd: process.cwd(), env: process.env }));\n';
  await writeFile(path.join(folder, 'dist/bin.js'), program);
}

/** Puts an executable `name` with this bash text into `folder`/bin. */
export async function writeProgram(folder: string, name: string, text: string): Promise<void> {
  const file = path.join(folder, 'bin', name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/usr/bin/env bash\n${text}`);
  await chmod(file, 0o755);
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in `cwd`, with this test's Node first on PATH, outside of any make that runs the tests. */
export async function run(
  cwd: string,
  command: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^M(AKE|FLAGS)/.test(name)),
  );
  const searched = `${path.dirname(process.execPath)}:${process.env['PATH']}`;
  try {
    const { stdout, stderr } = await promisify(execFile)(command, words, {
      cwd,
      env: { ...inherited, PATH: searched, ...env },
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

/** Runs make and reads what the stand-in printed. */
export async function make(
  cwd: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const { stdout, stderr } = await run(cwd, 'make', words, env);
  try {
    return JSON.parse(stdout) as Seen;
  } catch {
    throw new Error(`make ${words.join(' ')} printed:\n${stdout}${stderr}`);
  }
}

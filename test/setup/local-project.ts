import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunRecord } from '../../src/records/run-record.ts';

const bin = resolve('dist/bin.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it was, for bytes that are no text. */
  readonly bytes: Buffer;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Standard output and error so far. */
  text(): string;
}

/** A project in a folder of its own, and the built command run in it as a process. Removed after the test. */
export class LocalProject {
  readonly root = mkdtempSync(join(tmpdir(), 'local-project-'));

  constructor(files: Readonly<Record<string, string>>) {
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  /** A project with one model and one dataset whose only trial runs `command`. */
  static of(command: string, more = ''): LocalProject {
    return new LocalProject({ 'config/launch.yaml': launchOf(command, more) });
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  record(name: string): RunRecord {
    return JSON.parse(this.read(`.toolbox/runs/${name}/record.json`)) as RunRecord;
  }

  start(words: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const child = spawn(process.execPath, [bin, ...words], {
      cwd: this.root,
      env: { ...cleanEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const ended = new Promise<Ended>((done) => {
      child.once('close', (code, signal) => {
        const bytes = Buffer.concat(out);
        done({ code, signal, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString() });
      });
    });
    return { child, ended, text: () => Buffer.concat([...out, ...err]).toString() };
  }

  run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.start(words, env).ended;
  }
}

/** The text of a launch.yaml with one model `m` and no dataset: the trial is called `p-m`. */
export function launchOf(command: string, more = ''): string {
  const indented = command
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
  return `project_name: p\nprefix: ""\nmodel:\n  m:\n    command: |\n${indented}\n${more}`;
}

/** What a fresh shell has: nothing of the test runner, of npm, or of an active Python environment. */
export function cleanEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '/root', TMPDIR = '' } = process.env;
  return { PATH, HOME, ...(TMPDIR && { TMPDIR }), LANG: 'C.UTF-8', TERM: 'xterm' };
}

/** Waits until `look` gives something; the test's own time limit is what ends it otherwise. */
export async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
}

export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3));
  } catch {
    return false;
  }
}

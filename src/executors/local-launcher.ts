import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { quoteForShell } from '../matrix/shell-quote.ts';
import { markerName } from './local-environment.ts';
import { OutputPipe } from './output-pipe.ts';

/** How a trial's shell ended; `undefined` where nobody knows, because the launcher was killed. */
export type LaunchStatus = number | undefined;

export interface Launched {
  readonly pid: number;
  /** As bash counts: 128 + N where signal N ended it. */
  readonly status: Promise<LaunchStatus>;
  /** To be finished when the shell has ended. */
  readonly stdout: OutputPipe;
  readonly stderr: OutputPipe;
}

export interface LaunchRequest {
  readonly command: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Starts a process for each line it reads, tells its pid and, when it has ended, its status. `set -m` gives each a
 * process group. A stopped process (kill -STOP) has not ended, though `wait` returns. Its folder goes with it,
 * also when the toolbox was killed and could not remove it: the trap, which children do not inherit, survives
 * telling a status to nobody.
 */
const script = `set -m
trap : PIPE
mkfifo "$1/stdout" "$1/stderr" || exit
echo ready >&4
while IFS= read -r _ <&3; do
  ( exec 3<&- 4>&-; . "$1/request" ) </dev/null >"$1/stdout" 2>"$1/stderr" &
  echo "$!" >&4
  wait "$!"
  status=$?
  while [ "$status" -gt 128 ] && kill -0 "$!" 2>/dev/null; do
    sleep 1
    wait "$!"
    status=$?
  done
  echo "$status" >&4
done
rm -rf "$1"
`;

/** Variables that a running bash cannot set, or that change what it does; env(1) gives them to the trials. */
const special = /^(?:BASH.*|ENV|SHELLOPTS|POSIXLY_CORRECT|PS4|IFS|UID|EUID|PPID|GROUPS|DIRSTACK)$/;

/**
 * A small bash that starts trials, one at a time.
 *
 * The kernel copies the page tables of a process that forks. Node has tens of megabytes of them, so each
 * child_process.spawn() stops the event loop for about a millisecond, two thirds of what a trial of `true` takes;
 * a bash forks in a tenth of that. execa would add its streams and promises to that millisecond.
 * Output comes through named pipes, opened anew for each trial: their end of file says that nothing of
 * a trial can write any more.
 */
export class LocalLauncher {
  readonly #bash: string;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #child: ChildProcess;
  readonly #answers = new Answers();

  /** @throws NodeJS.ErrnoException where no process or no folder for temporary files can be had */
  static async start(options: {
    readonly bash: string;
    readonly cwd: string;
    /** Nearly what the trials get: each request carries the difference. */
    readonly env: Readonly<Record<string, string>>;
  }): Promise<LocalLauncher> {
    const env = Object.fromEntries(
      Object.entries(options.env).filter(([name]) => !special.test(name) && name !== markerName),
    );
    const folder = makeFolder();
    try {
      const child = spawn(options.bash, ['-c', script, 'launcher', folder], {
        cwd: options.cwd,
        env,
        detached: true,
        stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      });
      if (child.pid === undefined) throw await new Promise((resolve) => child.once('error', resolve));
      const launcher = new LocalLauncher(options.bash, folder, env, child);
      if ((await launcher.#answers.next()) !== 'ready')
        throw new Error(`no named pipes can be made in ${folder}`);
      return launcher;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(
    bash: string,
    folder: string,
    env: Readonly<Record<string, string>>,
    child: ChildProcess,
  ) {
    this.#bash = bash;
    this.#folder = folder;
    this.#env = env;
    this.#child = child;
    this.#answers.readFrom(child.stdio[4] as Readable);
    // A launcher that was killed takes no more requests; that it gives no answer is what tells.
    child.stdio[3]?.on('error', () => {});
  }

  /** The session of all trials started here, which is the launcher's process. */
  get session(): number {
    return this.#child.pid ?? -1;
  }

  /** Starts one trial; the one before must have ended. @throws Error where the launcher was killed */
  async launch(request: LaunchRequest): Promise<Launched> {
    writeFileSync(join(this.#folder, 'request'), this.#format(request));
    const stdout = new OutputPipe(join(this.#folder, 'stdout'));
    const stderr = new OutputPipe(join(this.#folder, 'stderr'));
    (this.#child.stdio[3] as Socket).write('\n');
    const pid = Number(await this.#answers.next());
    if (!(pid > 0)) {
      stdout.abandon();
      stderr.abandon();
      throw new Error('the shell that starts trials was killed');
    }
    const status = this.#answers.next().then((answer) => (answer === undefined ? undefined : Number(answer)));
    return { pid, status, stdout, stderr };
  }

  close(): void {
    (this.#child.stdio[3] as Socket).end();
  }

  /** What the subshell sources: the difference of the environments, then the trial's bash in its own place. */
  #format({ command, env }: LaunchRequest): string {
    const lines: string[] = [];
    const besides: string[] = [];
    for (const [name, value] of Object.entries(env)) {
      if (this.#env[name] === value) continue;
      if (special.test(name) || !/^[A-Za-z_]\w*$/.test(name)) besides.push(quoteForShell(`${name}=${value}`));
      else lines.push(`export ${name}=${quoteForShell(value)}`);
    }
    for (const name of Object.keys(this.#env)) if (!(name in env)) lines.push(`unset ${name}`);
    const through = besides.length === 0 ? '' : `env ${besides.join(' ')} `;
    lines.push(`exec ${through}${quoteForShell(this.#bash)} -c ${quoteForShell(command)}`);
    return `${lines.join('\n')}\n`;
  }
}

/** In memory where there is such a place: on a disk, a request waits whenever the file system commits its journal. */
function makeFolder(): string {
  for (const parent of ['/dev/shm', tmpdir()]) {
    try {
      return mkdtempSync(join(parent, 'kube-toolbox-'));
    } catch (error) {
      if (parent !== '/dev/shm') throw error;
    }
  }
  throw new Error('no folder for temporary files');
}

/** The lines of a stream, one a call; `undefined` when it has ended. Asked for one at a time. */
class Answers {
  #text = '';
  #ended = false;
  #waiting: ((line: string | undefined) => void) | undefined;

  readFrom(stream: Readable): void {
    stream.setEncoding('latin1');
    stream.on('data', (text: string) => {
      this.#text += text;
      this.#settle();
    });
    for (const event of ['end', 'error', 'close']) {
      stream.on(event, () => {
        this.#ended = true;
        this.#settle();
      });
    }
  }

  next(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#settle();
    });
  }

  #settle(): void {
    const end = this.#text.indexOf('\n');
    if (this.#waiting === undefined || (end === -1 && !this.#ended)) return;
    const line = end === -1 ? undefined : this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    const resolve = this.#waiting;
    this.#waiting = undefined;
    resolve(line);
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { quoteForShell } from '../matrix/shell-quote.ts';
import { markerName } from './local-environment.ts';
import { OutputPipe } from './output-pipe.ts';

/** How a trial's shell ended. */
export interface LaunchEnd {
  /** As bash counts: 128 + N where signal N ended it; `undefined` where nobody knows: the launcher was killed. */
  readonly exitCode: number | undefined;
  /** A signal ended the shell itself; `false` where it exited with a number that also stands for a signal. */
  readonly bySignal: boolean;
  /** Nothing was left of its process group. */
  readonly isAlone: boolean;
}

export interface Launched {
  readonly pid: number;
  readonly ended: Promise<LaunchEnd>;
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
 * Starts a process for each line it reads, which says where its request and pipes are; tells its pid and, when it has
 * ended, its status and whether others of its process group, which `set -m` gives each, run on. A stopped process (kill -STOP) has not ended, though `wait` returns. Its folder goes with it,
 * also when the toolbox was killed and could not remove it: the trap, which children do not inherit, survives
 * telling a status to nobody.
 */
const script = `set -m
exec 2>&4
trap : PIPE
mkfifo "$1/stdout.0" "$1/stderr.0" "$1/stdout.1" "$1/stderr.1" || exit
echo ready >&4
while IFS= read -r slot <&3; do
  . "$1/request.$slot" </dev/null >"$1/stdout.$slot" 2>"$1/stderr.$slot" 3<&- 4>&- &
  echo "pid $!" >&4
  wait "$!"
  status=$?
  while [ "$status" -gt 128 ] && kill -0 "$!" 2>/dev/null; do
    sleep 1
    wait "$!"
    status=$?
  done
  if kill -0 -- "-$!"; then left=some; else left=none; fi 2>/dev/null
  echo "end $status $left" >&4
done
rm -rf "$1"
`;

/** Variables that a running bash cannot set, or that change what it does; env(1) gives them to the trials. */
const special =
  /^(?:BASH|BASHOPTS|BASHPID|BASH_(?:ALIASES|ARG[CV]|ARGV0|CMDS|COMMAND|COMPAT|ENV|EXECUTION_STRING|LINENO|LOADABLES_PATH|MONOSECONDS|REMATCH|SOURCE|SUBSHELL|TRAPSIG|VERSINFO|VERSION|XTRACEFD)|ENV|SHELLOPTS|POSIXLY_CORRECT|PS4|IFS|UID|EUID|PPID|GROUPS|DIRSTACK)$/;
/** Bytes that Linux takes as one argument or one variable, the NUL at its end included (execve(2), MAX_ARG_STRLEN). */
const longestArgument = 128 * 1024;

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
  #prepared: Prepared | undefined;
  #slot = 0;

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
    for (const [name, value] of Object.entries(env)) refuseTooLong(name, `${name}=${value}`);
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

  /**
   * Does what can be done for the next trial while another runs. Trials take turns with two sets of files.
   *
   * @throws NodeJS.ErrnoException where the request cannot be written
   */
  prepare(request: LaunchRequest): void {
    if (this.#prepared?.request === request) return;
    this.#prepared?.abandon();
    this.#prepared = undefined;
    const slot = 1 - this.#slot;
    writeFileSync(join(this.#folder, `request.${slot}`), this.#format(request));
    const stdout = new OutputPipe(join(this.#folder, `stdout.${slot}`));
    const stderr = new OutputPipe(join(this.#folder, `stderr.${slot}`));
    const abandon = () => {
      stdout.abandon();
      stderr.abandon();
    };
    this.#prepared = { request, slot, stdout, stderr, abandon };
  }

  /** Starts one trial; the one before must have ended. @throws Error where the launcher was killed */
  async launch(request: LaunchRequest): Promise<Launched> {
    this.prepare(request);
    const prepared = this.#prepared;
    if (prepared === undefined) throw new Error('nothing is prepared');
    this.#prepared = undefined;
    this.#slot = prepared.slot;
    const { stdout, stderr } = prepared;
    (this.#child.stdio[3] as Socket).write(`${prepared.slot}\n`);
    const { rest } = await this.#answerOf('pid');
    const pid = Number(rest);
    if (!(pid > 0)) {
      prepared.abandon();
      throw new Error('the shell that starts trials was killed');
    }
    const ended = this.#answerOf('end').then(({ rest, notices }) => describeEnd(rest, notices));
    return { pid, ended, stdout, stderr };
  }

  /** The rest of the next answer that begins with the word, and what bash has said of the job before it. */
  async #answerOf(word: string): Promise<{ readonly rest: string | undefined; readonly notices: string[] }> {
    const notices: string[] = [];
    for (;;) {
      const line = await this.#answers.next();
      if (line === undefined) return { rest: undefined, notices };
      if (line.startsWith(`${word} `)) return { rest: line.slice(word.length + 1), notices };
      notices.push(line);
    }
  }

  close(): void {
    this.#prepared?.abandon();
    this.#prepared = undefined;
    (this.#child.stdio[3] as Socket).end();
  }

  /** What the forked shell sources: the difference of the environments, then the trial's bash in its own place. */
  #format({ command, env }: LaunchRequest): string {
    refuseTooLong('the command', command);
    const lines: string[] = [];
    const besides: string[] = [];
    for (const [name, value] of Object.entries(env)) {
      if (this.#env[name] === value) continue;
      refuseTooLong(name, `${name}=${value}`);
      if (special.test(name) || !/^[A-Za-z_]\w*$/.test(name)) besides.push(quoteForShell(`${name}=${value}`));
      else lines.push(`export ${name}=${quoteForShell(value)}`);
    }
    for (const name of Object.keys(this.#env)) if (!(name in env)) lines.push(`unset ${name}`);
    const through = besides.length === 0 ? '' : `env ${besides.join(' ')} `;
    lines.push(`exec ${through}${quoteForShell(this.#bash)} -c ${quoteForShell(command)}`);
    return `${lines.join('\n')}\n`;
  }
}

/** Bash says of these only "Argument list too long", or worse. */
function refuseTooLong(what: string, text: string): void {
  if (text.length * 3 < longestArgument) return;
  const length = Buffer.byteLength(text);
  if (length < longestArgument) return;
  const message = `${what} has ${length} bytes, and the system takes at most ${longestArgument - 1} in one piece`;
  throw Object.assign(new Error(message), { code: 'ENAMETOOLONG' });
}

interface Prepared {
  readonly request: LaunchRequest;
  readonly slot: number;
  readonly stdout: OutputPipe;
  readonly stderr: OutputPipe;
  readonly abandon: () => void;
}

/**
 * @param notices `[1]+  Exit 130   . request …` where the shell exited, in the words of its language, and
 *   `[1]+  Interrupt   …` or `launcher: line 6: 4711 Segmentation fault …` where a signal ended it
 */
function describeEnd(answer: string | undefined, notices: readonly string[]): LaunchEnd {
  const [status, left] = answer?.split(' ') ?? [];
  if (status === undefined) return { exitCode: undefined, bySignal: false, isAlone: false };
  const exit = new RegExp(`^\\[\\d+\\].*\\b${status}\\b`);
  const bySignal = Number(status) > 128 && !notices.some((notice) => exit.test(notice));
  return { exitCode: Number(status), bySignal, isAlone: left === 'none' };
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

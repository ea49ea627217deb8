import { setTimeout as sleep } from 'node:timers/promises';
import { identifyProcess, isAlive, type ProcessIdentity } from '../records/process-identity.ts';
import type { Launched, LocalLauncher } from './local-launcher.ts';
import { findTrialProcesses } from './local-process-table.ts';

type OnOutput = (stream: 'stdout' | 'stderr', chunk: Buffer) => Promise<void> | undefined;

/** As bash counts: 128 + N where signal N ended it; `undefined` where nobody knows any more. */
export interface ProcessEnd {
  readonly exitCode: number | undefined;
  /** See {@link LaunchEnd}. */
  readonly bySignal: boolean;
}

/** A signal to send, `after` milliseconds from the beginning, to whatever of the trial runs then. */
export type Escalation = readonly { readonly after: number; readonly signal: NodeJS.Signals }[];

/** What a trial leaves running gets this long to end by itself, such as the `tee` of `> >(tee file)`. */
const leftoverGrace = 2_000;
const leftoverEscalation: Escalation = [
  { after: leftoverGrace, signal: 'SIGTERM' },
  { after: leftoverGrace + 5_000, signal: 'SIGKILL' },
];
const pollInterval = 50;
/** A process that hangs in the kernel, on a dead file server say, outlives SIGKILL: it is not waited for. */
const unkillableAfter = 10_000;

/**
 * One trial as a bash process that leads a process group of its own, so that signals reach it and everything it
 * starts, and never us.
 *
 * Ended is: the shell has ended, nothing it started runs any more, and all output has been delivered. What is left
 * running when the shell has ended is ended too, as it would be in a container.
 */
export class LocalProcess {
  readonly pid: number;
  /** Settles when the shell has ended, whatever it has left running. Never rejects. */
  readonly exited: Promise<void>;
  /** Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  readonly #session: number;
  readonly #marker: string;
  #stopping: Promise<void> | undefined;
  #escalation: Escalation = [];
  #escalationStart = 0;

  /** @param marker an entry of the trial's environment, `NAME=value`, that no other process has */
  constructor(launched: Launched, launcher: LocalLauncher, marker: string, onOutput: OnOutput) {
    this.pid = launched.pid;
    this.#session = launcher.session;
    this.#marker = marker;
    launched.stdout.deliver((chunk) => onOutput('stdout', chunk));
    launched.stderr.deliver((chunk) => onOutput('stderr', chunk));
    this.exited = launched.ended.then(() => undefined);
    this.ended = this.#awaitEnd(launched);
  }

  /**
   * Sends the signals of `escalation` in time until nothing of the trial runs; a later call replaces
   * the signals that are still to come, counted from now. Settles when nothing runs any more.
   */
  stop(escalation: Escalation): Promise<void> {
    this.#escalation = escalation;
    this.#escalationStart = performance.now();
    this.#stopping ??= this.#escalate();
    return this.#stopping;
  }

  async #escalate(): Promise<void> {
    // A child whose parent has ended is no longer found by family: those seen once are remembered.
    const remembered = new Map<number, ProcessIdentity>();
    let lastSignal = Number.POSITIVE_INFINITY;
    for (;;) {
      const found = findTrialProcesses(this.pid, this.#session, this.#marker);
      for (const { pid } of found) remember(remembered, pid);
      for (const [pid, identity] of remembered) if (!isAlive(identity)) remembered.delete(pid);
      if (found.length === 0 && remembered.size === 0) return;

      const now = performance.now();
      const elapsed = now - this.#escalationStart;
      const due = this.#escalation.filter(({ after }) => after <= elapsed).at(-1);
      this.#escalation = this.#escalation.filter(({ after }) => after > elapsed);
      // After the last signal, SIGKILL in all uses, what has been forked meanwhile gets it too.
      const signal = due?.signal ?? (this.#escalation.length === 0 ? 'SIGKILL' : undefined);
      if (due !== undefined) lastSignal = now;
      if (now - lastSignal > unkillableAfter && this.#escalation.length === 0) return;
      if (signal !== undefined) {
        // The group in one call, so that nothing is told twice: a second SIGINT means "at once" to many programs.
        sendSignal(-this.pid, signal);
        const inGroup = new Set(found.filter(({ group }) => group === this.pid).map(({ pid }) => pid));
        for (const pid of remembered.keys()) if (!inGroup.has(pid)) sendSignal(pid, signal);
      }
      await sleep(pollInterval);
    }
  }

  async #awaitEnd({ ended, stdout, stderr }: Launched): Promise<ProcessEnd> {
    // Nobody holds the output open any more, and all of it has been delivered.
    const hasClosed = () => stdout.isClosed && stderr.isClosed;
    const closed = async () => {
      await stdout.closed;
      await stderr.closed;
    };
    const { exitCode, bySignal, isAlone } = await ended;
    stdout.finish();
    stderr.finish();
    if (!hasClosed()) await within(this.#stopping ?? leftoverGrace, closed());
    if (this.#stopping !== undefined || !hasClosed() || (!isAlone && groupExists(this.pid))) {
      await (this.#stopping ?? this.stop(leftoverEscalation));
    }
    // What ours wrote is in the pipes by now. Whoever still holds their other end is beyond finding.
    while (!hasClosed()) {
      const waiting = stdout.isHeldBack || stderr.isHeldBack;
      await within(leftoverGrace, closed());
      if (waiting || hasClosed()) continue;
      stdout.abandon();
      stderr.abandon();
      break;
    }
    return { exitCode, bySignal };
  }
}

function remember(processes: Map<number, ProcessIdentity>, pid: number): void {
  if (processes.has(pid)) return;
  const identity = identifyProcess(pid);
  if (identity !== undefined) processes.set(pid, identity);
}

/** Whether the group has members, zombies included. */
function groupExists(leader: number): boolean {
  return sendSignal(-leader, 0);
}

function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // It has just ended, or has become another user's.
  }
}

/** Settles with `promise` or with the limit: a promise, or milliseconds. */
async function within(limit: Promise<void> | number, promise: Promise<void>): Promise<void> {
  if (typeof limit !== 'number') return Promise.race([limit, promise]);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limit);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

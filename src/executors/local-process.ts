import type { Launched } from './local-launcher.ts';
import type { TrialFamily } from './process-table.ts';
import { type Ending, type Escalation, sendSignal, type TrialEnder } from './trial-ender.ts';

type OnOutput = (stream: 'stdout' | 'stderr', chunk: Buffer) => Promise<void> | undefined;

/** As bash counts: 128 + N where signal N ended it; `undefined` where nobody knows any more. */
export interface ProcessEnd {
  readonly exitCode: number | undefined;
  /** See {@link LaunchEnd}. */
  readonly bySignal: boolean;
}

/** What a trial leaves running gets this long to end by itself, such as the `tee` of `> >(tee file)`. */
const leftoverGrace = 2_000;
const leftoverEscalation: Escalation = [
  { after: leftoverGrace, signal: 'SIGTERM' },
  { after: leftoverGrace + 5_000, signal: 'SIGKILL' },
];

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
  readonly #family: TrialFamily;
  readonly #ender: TrialEnder;
  #ending: Ending | undefined;

  constructor(
    launched: Launched,
    family: Omit<TrialFamily, 'leader'>,
    ender: TrialEnder,
    onOutput: OnOutput,
  ) {
    this.pid = launched.pid;
    this.#family = { ...family, leader: launched.pid };
    this.#ender = ender;
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
    this.#ending ??= this.#ender.begin(this.#family);
    this.#ending.escalate(escalation);
    return this.#ending.over;
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
    if (!hasClosed()) await within(this.#ending?.over ?? leftoverGrace, closed());
    if (this.#ending !== undefined || !hasClosed() || (!isAlone && groupExists(this.pid))) {
      await (this.#ending?.over ?? this.stop(leftoverEscalation));
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

/** Whether the group has members, zombies included. */
function groupExists(leader: number): boolean {
  return sendSignal(-leader, 0);
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

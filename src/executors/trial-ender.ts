import { ProcessTable, type TrialFamily } from './process-table.ts';

/** A signal to send, `after` milliseconds from the beginning, to whatever of the trial runs then. */
export type Escalation = readonly { readonly after: number; readonly signal: NodeJS.Signals }[];

const pollInterval = 50;
/** A process that hangs in the kernel, on a dead file server say, outlives SIGKILL: it is not waited for. */
const unkillableAfter = 10_000;

/** Ends trials with all they have started. One look at the process table serves all that are being ended. */
export class TrialEnder {
  readonly #endings = new Set<Ending>();
  readonly #readTable: typeof ProcessTable.read;
  #table: ProcessTable | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(readTable: typeof ProcessTable.read = ProcessTable.read) {
    this.#readTable = readTable;
  }

  /** Nothing is sent before {@link Ending.escalate}. */
  begin(family: TrialFamily): Ending {
    const ending = new Ending(family, () => this.#look(0));
    this.#endings.add(ending);
    return ending;
  }

  #look(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const table = this.#readTable(this.#table);
      for (const ending of this.#endings) if (ending.goOn(table)) this.#endings.delete(ending);
      this.#table = this.#endings.size === 0 ? undefined : table;
      if (this.#endings.size > 0) this.#look(pollInterval);
    }, delay);
  }
}

/** One trial that is being ended. */
export class Ending {
  readonly #family: TrialFamily;
  readonly #hurry: () => void;
  readonly #over = Promise.withResolvers<void>();
  /** Pid → start time: a child whose parent has ended is no longer found by family, so those seen once are kept. */
  readonly #seen = new Map<number, string>();
  #escalation: Escalation = [];
  #start = performance.now();
  #lastSignal = Number.POSITIVE_INFINITY;

  constructor(family: TrialFamily, hurry: () => void) {
    this.#family = family;
    this.#hurry = hurry;
  }

  /** Settles when nothing of the trial runs any more. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Sends these signals in time, counted from now, in place of those that are still to come. */
  escalate(escalation: Escalation): void {
    this.#escalation = escalation;
    this.#start = performance.now();
    this.#hurry();
  }

  /** Whether it is over. */
  goOn(table: ProcessTable): boolean {
    const family = table.family(this.#family);
    for (const [pid, startTime] of this.#seen) {
      if (table.find(pid, startTime) === undefined) this.#seen.delete(pid);
    }
    for (const { pid, startTime } of family) this.#seen.set(pid, startTime);
    const now = performance.now();
    const elapsed = now - this.#start;
    const due = this.#escalation.filter(({ after }) => after <= elapsed).at(-1);
    this.#escalation = this.#escalation.filter(({ after }) => after > elapsed);
    if (due !== undefined) this.#lastSignal = now;
    const isLast = this.#escalation.length === 0;
    if (this.#seen.size === 0 || (isLast && now - this.#lastSignal > unkillableAfter)) {
      this.#over.resolve();
      return true;
    }
    // After the last signal, SIGKILL in all uses, what has been forked meanwhile gets it too.
    const signal = due?.signal ?? (isLast ? 'SIGKILL' : undefined);
    if (signal !== undefined) this.#send(signal, table);
    return false;
  }

  /** The group in one call, so that nothing is told twice: a second SIGINT means "at once" to many programs. */
  #send(signal: NodeJS.Signals, table: ProcessTable): void {
    const { leader } = this.#family;
    const outside = [...this.#seen].filter(
      ([pid, startTime]) => table.find(pid, startTime)?.group !== leader,
    );
    if (outside.length < this.#seen.size) sendSignal(-leader, signal);
    for (const [pid] of outside) sendSignal(pid, signal);
  }
}

/** Whether there was somebody to get it; signal 0 only asks. */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // It has just ended, or has become another user's.
  }
}

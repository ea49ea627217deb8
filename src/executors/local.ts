import { randomUUID } from 'node:crypto';
import { createReadStream, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignalReceived } from '../context.ts';
import { type Diagnostic, DiagnosticError } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import { BackgroundRecords } from '../records/background-records.ts';
import { observeRecord } from '../records/observe-record.ts';
import { describeFileError } from '../records/record-error.ts';
import type { DiskRecordStore } from '../records/record-store.ts';
import { runFolder } from '../records/run-paths.ts';
import type { Executor, Handle, Observation, Outcome, PreparedJob } from './executor.ts';
import { LauncherPool } from './launcher-pool.ts';
import { loggedAttempts } from './local-log.ts';
import { type Attempt, LocalRun, type LocalRunOptions, prepareAttempt, type Stop } from './local-run.ts';
import { StartError } from './start-error.ts';
import { TrialEnder } from './trial-ender.ts';

export interface LocalExecutorOptions
  extends Omit<LocalRunOptions, 'records' | 'sweepId' | 'launchers' | 'ender'> {
  /** Absolute path of bash. */
  readonly bash: string;
  readonly records: DiskRecordStore;
  readonly warn: (diagnostic: Diagnostic) => void;
  /** Aborted when trials are no longer to be waited for: they are killed. */
  readonly kill?: AbortSignal | undefined;
}

/** Runs trials as processes of this machine, one bash each, in the project's root. */
export class LocalExecutor implements Executor {
  readonly name = 'local';
  readonly #store: DiskRecordStore;
  readonly #records: BackgroundRecords;
  readonly #launchers: LauncherPool;
  readonly #runOptions: LocalRunOptions;
  readonly #running = new Map<string, LocalRun>();
  #expected: Attempt | undefined;
  readonly #stoppable = new WeakMap<AbortSignal, Set<LocalRun>>();
  /** Outcomes of ended trials that nobody has waited for. */
  readonly #ended = new Map<string, Outcome>();

  constructor(options: LocalExecutorOptions) {
    this.#store = options.records;
    this.#records = new BackgroundRecords(options.records, options.warn);
    this.#launchers = new LauncherPool({ bash: options.bash, cwd: options.root });
    this.#runOptions = {
      ...options,
      records: this.#records,
      launchers: this.#launchers,
      ender: new TrialEnder(),
      sweepId: randomUUID(),
    };
    const killAll = () => {
      for (const run of this.#running.values()) run.stop(killed);
    };
    options.kill?.addEventListener('abort', killAll, { once: true });
  }

  prepare(spec: JobSpec): PreparedJob {
    return { spec, files: new Map() };
  }

  async list(): Promise<ReadonlyMap<string, Observation>> {
    this.#records.flush();
    const records = await this.#store.readAll();
    return new Map([...records].map(([name, record]) => [name, observeRecord(record)]));
  }

  /** With one trial at a time, the one that runs has the launcher that the next one will get. */
  expect({ spec }: PreparedJob): void {
    const [run, ...others] = this.#running.values();
    if (run === undefined || others.length > 0 || run.spec.name === spec.name) return;
    this.#expected = prepareAttempt(spec, this.#nextAttempt(spec.name), this.#runOptions);
    run.prepareNext(this.#expected);
  }

  async submit(job: PreparedJob, signal: AbortSignal): Promise<Handle> {
    signal.throwIfAborted();
    const { name } = job.spec;
    const running = this.#running.get(name) ?? (await this.#start(job.spec));
    return handleOf(running);
  }

  /** Aborting `signal` interrupts the trial; the outcome then says so. */
  async wait(handle: Handle, signal: AbortSignal): Promise<Outcome> {
    const run = this.#running.get(handle.name);
    if (run === undefined) {
      const outcome = this.#ended.get(handle.name);
      if (outcome === undefined) throw new Error(`${handle.name} was not submitted here`);
      return outcome;
    }
    if (signal.aborted) run.stop(interruption(signal.reason));
    const stoppable = this.#stoppableBy(signal);
    stoppable.add(run);
    try {
      return await run.outcome;
    } finally {
      stoppable.delete(run);
    }
  }

  /** Ends the trial if it runs, and removes its record and logs. */
  async remove(handle: Handle): Promise<void> {
    const run = this.#running.get(handle.name);
    run?.stop(interruption(undefined));
    await run?.outcome;
    await this.#records.settle();
    this.#ended.delete(handle.name);
    const path = runFolder(handle.name);
    try {
      rmSync(join(this.#runOptions.root, path), { recursive: true, force: true });
    } catch (error) {
      throw new DiagnosticError(describeFileError(path, error), ExitCode.failed);
    }
  }

  async *logs(
    handle: Handle,
    options: { readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    this.#records.flush();
    const record = this.#running.get(handle.name)?.record ?? this.#store.readNow(handle.name);
    if (record === undefined) return;
    const path = join(this.#runOptions.root, record.log);
    for (let offset = 0; ; ) {
      // Asked before reading, so that what is written up to the end is still read below.
      const ended = !this.#running.has(handle.name);
      if (existsSync(path)) {
        for await (const chunk of createReadStream(path, { start: offset, signal })) {
          offset += (chunk as Buffer).length;
          yield chunk as Buffer;
        }
      }
      if (!options.follow || ended) return;
      await sleep(100, undefined, { signal });
    }
  }

  /** Kills what runs, for a way out that leaves no process behind, such as after a bug. */
  async abandon(): Promise<void> {
    const runs = [...this.#running.values()];
    for (const run of runs) run.stop(killed);
    await Promise.all(runs.map((run) => run.outcome));
    await this.settle();
  }

  /** Waits until all records are on disk. @throws DiagnosticError for those that cannot be written */
  async settle(): Promise<void> {
    this.#launchers.close();
    await this.#records.settle();
  }

  async #start(spec: JobSpec): Promise<LocalRun> {
    const expected = this.#expected?.spec === spec ? this.#expected : undefined;
    this.#expected = undefined;
    let run: LocalRun;
    try {
      const attempt = expected ?? prepareAttempt(spec, this.#nextAttempt(spec.name), this.#runOptions);
      run = await LocalRun.start(attempt, this.#runOptions);
    } catch (error) {
      if (error instanceof StartError) throw new DiagnosticError(error.diagnostic, ExitCode.failed);
      throw error;
    }
    this.#running.set(spec.name, run);
    void run.outcome.then((outcome) => {
      this.#running.delete(spec.name);
      this.#ended.set(spec.name, outcome);
    });
    return run;
  }

  /** Trials that `signal` is to stop. One listener for all of them: adding one costs as much as a small file. */
  #stoppableBy(signal: AbortSignal): Set<LocalRun> {
    const known = this.#stoppable.get(signal);
    if (known !== undefined) return known;
    const runs = new Set<LocalRun>();
    this.#stoppable.set(signal, runs);
    const stopAll = () => {
      for (const run of runs) run.stop(interruption(signal.reason));
    };
    signal.addEventListener('abort', stopAll, { once: true });
    return runs;
  }

  /** A damaged record does not make an older log be overwritten. */
  #nextAttempt(name: string): number {
    const { root } = this.#runOptions;
    if (!existsSync(join(root, runFolder(name)))) return 1;
    if (this.#ended.has(name)) this.#records.flush();
    const previous = this.#store.readNow(name)?.attempt ?? loggedAttempts(root, name).at(-1) ?? 0;
    return previous + 1;
  }
}

function handleOf(run: LocalRun): Handle {
  return { name: run.spec.name, uid: `${run.spec.name}/${run.record.attempt}`, log: run.record.log };
}

/** The signal we got goes to the trial first; then it has ten seconds, and five more after SIGTERM. */
function interruption(reason: unknown): Stop {
  const received = reason instanceof SignalReceived ? reason.signalName : 'SIGINT';
  // Python ignores SIGPIPE, and the trial's own output is not what has broken.
  const first = received === 'SIGPIPE' ? 'SIGTERM' : received;
  const rest = first === 'SIGTERM' ? [] : ([{ after: 10_000, signal: 'SIGTERM' }] as const);
  return {
    state: 'interrupted',
    reason: `interrupted by ${received}`,
    escalation: [{ after: 0, signal: first }, ...rest, { after: 15_000, signal: 'SIGKILL' }],
  };
}

const killed: Stop = {
  state: 'interrupted',
  reason: 'killed on request',
  escalation: [{ after: 0, signal: 'SIGKILL' }],
};

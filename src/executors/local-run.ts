import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseDuration } from '../config/duration.ts';
import { type Diagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import type { Trial } from '../matrix/trial.ts';
import type { BackgroundRecords } from '../records/background-records.ts';
import { identifyProcess } from '../records/process-identity.ts';
import { describeFileError } from '../records/record-error.ts';
import { logPath } from '../records/run-paths.ts';
import type { RunRecord } from '../records/run-record.ts';
import { formatDuration } from '../report/format-duration.ts';
import type { Outcome } from './executor.ts';
import type { LauncherPool } from './launcher-pool.ts';
import { hyperparameterTexts, type LocalEnvironmentSources, localEnvironment } from './local-environment.ts';
import type { Launched, LaunchRequest, LocalLauncher } from './local-launcher.ts';
import { LocalLog, removeOldLogs } from './local-log.ts';
import { type LocalOutcome, outcomeOf, signalOf } from './local-outcome.ts';
import { asList, createOutputFolders, describeMissingOutputs } from './local-outputs.ts';
import { LocalProcess, type ProcessEnd } from './local-process.ts';
import { describeStartError, StartError } from './start-error.ts';
import type { Escalation, TrialEnder } from './trial-ender.ts';

const host = hostname();

export interface LocalRunOptions extends LocalEnvironmentSources {
  readonly launchers: LauncherPool;
  readonly ender: TrialEnder;
  readonly records: BackgroundRecords;
  readonly now: () => number;
  /** Gets a trial's bytes as they come; a returned promise holds the trial back until it settles. */
  readonly output: (
    trial: Trial,
    stream: 'stdout' | 'stderr',
    chunk: Uint8Array,
  ) => Promise<void> | undefined;
  readonly warn: (diagnostic: Diagnostic) => void;
}

/** A trial that is told to stop: why, for its state, and which signals to send. */
export interface Stop {
  readonly state: 'interrupted' | 'timeout';
  readonly reason: string;
  readonly escalation: Escalation;
}

/** An attempt that has not begun. */
export interface Attempt {
  readonly spec: JobSpec;
  /** Counts from 1. */
  readonly attempt: number;
  readonly request: LaunchRequest;
  /** See {@link TrialFamily}. */
  readonly marker: string;
}

export function prepareAttempt(spec: JobSpec, attempt: number, options: LocalEnvironmentSources): Attempt {
  const { env, marker } = localEnvironment(spec, options);
  return { spec, attempt, request: { command: spec.command, env }, marker };
}

/** One attempt at one trial: the process, its log and its record, from beginning to end. */
export class LocalRun {
  readonly spec: JobSpec;
  /** Settles when nothing of the trial runs any more and its output is delivered and logged. */
  readonly outcome: Promise<Outcome>;
  readonly record: RunRecord;
  readonly #process: LocalProcess;
  readonly #launcher: LocalLauncher;
  readonly #options: LocalRunOptions;
  #stop: Stop | undefined;

  /** @throws StartError; the failed attempt is on record then */
  static async start(prepared: Attempt, options: LocalRunOptions): Promise<LocalRun> {
    const { spec, attempt, request, marker } = prepared;
    const { root, now, records, warn } = options;
    const startedAt = new Date(now()).toISOString();
    createOutputFolders(root, asList(spec.fields.outputs));

    const openLog = () => new LocalLog(root, spec.name, attempt, (error) => warn(logCutWarning(spec, error)));
    const record = (rest: Partial<RunRecord> & Pick<RunRecord, 'state' | 'log'>): RunRecord => ({
      version: 1,
      name: spec.name,
      model: spec.trial.model,
      dataset: spec.trial.dataset,
      hparam: hyperparameterTexts(spec),
      fingerprint: spec.fingerprint,
      command: spec.command,
      executor: 'local',
      attempt,
      host,
      startedAt,
      ...rest,
    });

    let log: LocalLog | undefined;
    let launched: Launched;
    let launcher: LocalLauncher | undefined;
    try {
      if (!existsSync(root)) throw new Error('the folder is gone');
      launcher = await options.launchers.take(request.env);
      records.starting(record({ state: 'running', log: logPath(spec.name, attempt) }));
      const launching = launcher.launch(request);
      // Bash starts up now, which takes longer than the log and the record, so these cost a sweep no time.
      log = openLog();
      launched = await launching;
    } catch (error) {
      launcher?.close();
      const diagnostic = describeStartError(spec, root, error);
      const failed = { state: 'failed', reason: diagnostic.message, endedAt: startedAt } as const;
      log ??= openLog();
      log.close();
      records.ended(record({ ...failed, log: log.path }));
      throw new StartError(diagnostic);
    }
    const family = { session: launcher.session, marker };
    const trialProcess = new LocalProcess(launched, family, options.ender, (stream, chunk) => {
      log.write(chunk);
      return options.output(spec.trial, stream, chunk);
    });
    const identity = identifyProcess(trialProcess.pid);
    const started = record({
      state: 'running',
      log: log.path,
      ...(identity === undefined ? {} : { process: identity }),
    });
    records.started(started);
    if (attempt > 1) removeOldLogs(root, spec.name);
    return new LocalRun(spec, started, trialProcess, log, launcher, options);
  }

  private constructor(
    spec: JobSpec,
    record: RunRecord,
    trialProcess: LocalProcess,
    log: LocalLog,
    launcher: LocalLauncher,
    options: LocalRunOptions,
  ) {
    this.spec = spec;
    this.record = record;
    this.#process = trialProcess;
    this.#launcher = launcher;
    this.#options = options;
    this.outcome = this.#follow(log);
  }

  /** The first stop decides the state; a later one may hurry the end. */
  stop(stop: Stop): void {
    this.#stop ??= stop;
    void this.#process.stop(stop.escalation);
  }

  /** Does for the trial that will come after this one what can be done while this one runs. */
  prepareNext({ request }: Attempt): void {
    try {
      this.#launcher.prepare(request);
    } catch {
      // It shows again when that trial is to start.
    }
  }

  async #follow(log: LocalLog): Promise<Outcome> {
    const disarm = this.#armTimeout();
    await this.#process.exited;
    // How the trial went is settled, as in a container: what it has left running only delays the next one.
    disarm();
    const stop = this.#stop;
    const end = await this.#process.ended;
    if (end.exitCode === undefined) this.#launcher.close();
    else this.#options.launchers.giveBack(this.#launcher);
    if (stop === undefined) await this.#tellMissingOutputs(log);
    log.close();
    const outcome = stop === undefined ? outcomeOf(end) : stoppedOutcome(stop, end);
    this.#options.records.ended({
      ...this.record,
      ...outcome,
      endedAt: new Date(this.#options.now()).toISOString(),
    });
    return outcome;
  }

  async #tellMissingOutputs(log: LocalLog): Promise<void> {
    const text = describeMissingOutputs(this.#options.root, asList(this.spec.fields.outputs));
    if (text === '') return;
    const line = Buffer.from(text);
    log.write(line);
    await this.#options.output(this.spec.trial, 'stderr', line);
  }

  #armTimeout(): () => void {
    const seconds = parseDuration(this.spec.fields.timeout);
    if (seconds === undefined) return () => {};
    const deadline = performance.now() + seconds * 1000;
    let timer: NodeJS.Timeout;
    const arm = () => {
      const left = deadline - performance.now();
      if (left <= 0) this.stop(timedOut(`ran longer than its timeout of ${formatDuration(seconds * 1000)}`));
      else timer = setTimeout(arm, Math.min(left, longestTimer));
    };
    arm();
    return () => clearTimeout(timer);
  }
}

/** Node's timers hold 31 bits of milliseconds, 24 days; longer ones would fire at once. */
const longestTimer = 2 ** 31 - 1;

/** As Kubernetes ends a pod past its deadline: SIGTERM, time to write a checkpoint, SIGKILL. */
function timedOut(reason: string): Stop {
  const escalation: Escalation = [
    { after: 0, signal: 'SIGTERM' },
    { after: 10_000, signal: 'SIGKILL' },
  ];
  return { state: 'timeout', reason, escalation };
}

function stoppedOutcome(stop: Stop, { exitCode }: ProcessEnd): LocalOutcome {
  const signal = exitCode === undefined ? undefined : signalOf(exitCode);
  return {
    state: stop.state,
    reason: stop.reason,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function logCutWarning(spec: JobSpec, error: unknown): Diagnostic {
  const { message, hint } = describeFileError(`the log of ${spec.name}`, error);
  return warningDiagnostic('LOCAL_LOG_CUT', message, { hint, cause: error });
}

import { type Diagnostic, DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { changedParts, decide, hasFailed, type Overwrite } from '../../matrix/decide.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { keepsState, type Only } from '../../matrix/select.ts';
import { isRunName, logPath } from '../../records/run-paths.ts';
import type { RunRecord, TrialState } from '../../records/run-record.ts';
import type { Executor, Observation, RecordStore } from '../executor.ts';
import { inOrder } from '../kubernetes/in-order.ts';
import type { LaunchStep } from '../kubernetes/launch-step.ts';
import { isQueued, ownRecord, type PreparedRunaiJob, runaiRecord } from './runai-executor.ts';

export interface RunaiLaunchOptions {
  readonly executor: Executor<PreparedRunaiJob>;
  readonly records: RecordStore;
  /** What is at the front of the names that this user's trials have by default. */
  readonly user: string;
  readonly overwrite?: Overwrite | undefined;
  /** Only trials in this state. */
  readonly only?: Only | undefined;
  /** Trials that may be there at once without having ended; the others are left for a later launch. */
  readonly maxParallel?: number | undefined;
  /** Trials worked on at once: each is a process of the run:ai command line. */
  readonly concurrency: number;
  /** Called once, before the first submission: what workloads need is put there. */
  readonly prepareNamespace: () => Promise<void>;
  /** Keeps the output of a workload that is about to be deleted. */
  readonly harvest: (name: string, path: string) => Promise<void>;
  /** Called for each trial in their order. */
  readonly report: (step: LaunchStep) => void;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

export type RunaiLaunchCounts = Readonly<Record<LaunchStep['result'], number>> & { readonly changed: number };

/**
 * Brings run:ai to one workload a trial, by the same decisions as on Kubernetes. run:ai's listing has no
 * fingerprints: those, and how workloads ended that are gone, come from the run records.
 *
 * @throws DiagnosticError when run:ai refuses for good; what was done stays done
 */
export async function launchOnRunai(
  specs: Iterable<JobSpec>,
  options: RunaiLaunchOptions,
): Promise<RunaiLaunchCounts> {
  const there = await options.executor.list(options.signal);
  const launch = new Launch(options, there, await countActive(there, options.records));
  const counts = { created: 0, replaced: 0, kept: 0, rejected: 0, left: 0, changed: 0 };
  await inOrder(
    specs,
    options.concurrency,
    (spec) => launch.settle(spec),
    (step) => {
      if (step === undefined) return;
      counts[step.result] += 1;
      if (step.result === 'kept' && step.changed.length > 0) counts.changed += 1;
      options.report(step);
    },
  );
  return counts;
}

/** What is known of a trial: what run:ai lists, else how its record says that it ended. */
export function recallWorkload(
  listed: Observation | undefined,
  record: RunRecord | undefined,
): Observation | undefined {
  if (listed !== undefined) return listed;
  if (isQueued(record)) {
    const { name, fingerprint, slots } = record;
    return {
      name,
      state: 'suspended',
      fingerprint,
      reason: `waiting for one of ${slots} slots (max_parallel)`,
    };
  }
  const ours = ownRecord(record);
  if (ours === undefined || ours.state === 'pending' || ours.state === 'running') return undefined;
  const { name, state, fingerprint, startedAt } = ours;
  return { name, state, fingerprint, startedAt, reason: 'its workload is gone, its record says so' };
}

class Launch {
  readonly #options: RunaiLaunchOptions;
  readonly #there: ReadonlyMap<string, Observation>;
  #prepared: Promise<void> | undefined;
  #slots: number;

  constructor(options: RunaiLaunchOptions, there: ReadonlyMap<string, Observation>, active: number) {
    this.#options = options;
    this.#there = there;
    this.#slots = (options.maxParallel ?? Number.POSITIVE_INFINITY) - active;
  }

  async settle(spec: JobSpec): Promise<LaunchStep | undefined> {
    const { records, overwrite, only } = this.#options;
    const listed = this.#there.get(spec.name);
    const record = await records.read(spec.name);
    const known = isQueued(record) && listed === undefined ? undefined : recallWorkload(listed, record);
    const changed = changedParts(spec.fingerprint, known?.fingerprint);
    if (only !== undefined && !keepsState(only, known?.state ?? 'missing', changed)) return undefined;
    const step = {
      name: spec.name,
      found: known?.state ?? ('missing' as TrialState),
      reason: known?.reason,
      isWaiting: false,
      changed,
      diagnostics: [] as readonly Diagnostic[],
    };
    const action = decide(spec, known, overwrite);
    if (action.kind === 'keep') return { ...step, result: 'kept' };
    if (listed !== undefined && !isOurs(spec.name, record, this.#options.user))
      return { ...step, result: 'rejected', diagnostics: [notOurs(spec.name)] };
    const freed = listed !== undefined && isActive(listed) ? 1 : 0;
    if (this.#slots + freed <= 0) {
      if (listed === undefined) await this.#queue(spec, record);
      return { ...step, result: 'left' };
    }
    this.#slots += freed - 1;
    if (listed !== undefined) await this.#free(spec.name, record);
    try {
      await this.#submit(spec);
    } catch (error) {
      if (!(error instanceof DiagnosticError) || !error.diagnostics.every(isAboutOneTrial)) throw error;
      this.#slots += 1;
      return { ...step, result: 'rejected', diagnostics: error.diagnostics };
    }
    return { ...step, result: action.kind === 'create' ? 'created' : 'replaced' };
  }

  /** run:ai keeps a name until its workload is deleted, also of one that has failed. */
  async #free(name: string, record: RunRecord | undefined): Promise<void> {
    const { executor, harvest, signal } = this.#options;
    await harvest(name, record?.log ?? logPath(name, 1));
    await executor.remove({ name }, signal);
  }

  /** Remembers that the trial is wanted: whoever looks next, here, submits it when there is room. */
  async #queue(spec: JobSpec, record: RunRecord | undefined): Promise<void> {
    const { records, now, maxParallel } = this.#options;
    const attempt = isQueued(record) ? record.attempt : (record?.attempt ?? 0) + 1;
    const queued = runaiRecord(spec, 'suspended', attempt, new Date(now()).toISOString());
    await records.write({ ...queued, ...(maxParallel !== undefined && { slots: maxParallel }) });
  }

  async #submit(spec: JobSpec): Promise<void> {
    const { executor, prepareNamespace, signal } = this.#options;
    this.#prepared ??= prepareNamespace();
    await this.#prepared;
    await executor.submit(executor.prepare(spec), signal);
  }
}

/** Others would be refused for the same reason: a login, a project, a flag. */
function isAboutOneTrial({ code }: Diagnostic): boolean {
  return code === 'RUNAI_NAME_TAKEN' || code === 'RUNAI_COMMAND_TOO_LONG';
}

/**
 * Whether a listed workload may be deleted: a record says that we submitted it, or its name has the user's in
 * front. Projects are shared by a lab, and run:ai's listing carries no labels.
 */
export function isOurs(name: string, record: RunRecord | undefined, user: string): boolean {
  return ownRecord(record) !== undefined || name.startsWith(`${user}-`);
}

function notOurs(name: string): Diagnostic {
  return errorDiagnostic(
    'RUNAI_NAME_TAKEN',
    `a workload "${name}" exists already, and nothing here says that it is yours`,
    { hint: `runai describe job ${name} shows it; delete it by hand, or set another prefix` },
  );
}

/** Workloads of this checkout that run or wait, each of which takes a slot of `max_parallel`. */
async function countActive(there: ReadonlyMap<string, Observation>, records: RecordStore): Promise<number> {
  let count = 0;
  for (const [name, observation] of there) {
    if (!isActive(observation) || !isRunName(name)) continue;
    if (ownRecord(await records.read(name)) !== undefined) count += 1;
  }
  return count;
}

function isActive({ state }: Observation): boolean {
  return state !== 'succeeded' && !hasFailed(state);
}

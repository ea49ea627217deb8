import { decide } from '../../matrix/decide.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import type { Only } from '../../matrix/select.ts';
import { gather } from './gather.ts';
import { inOrder } from './in-order.ts';
import { judgeJob } from './job-state.ts';
import { judgeRefusal } from './judge-refusal.ts';
import type { KubernetesExecutor, PreparedKubernetesJob } from './kubernetes-executor.ts';
import type { LaunchStep, LaunchSummary } from './launch-step.ts';
import { LeavingPods } from './leaving-pods.ts';
import type { Listing } from './list-pages.ts';
import { throwRefused } from './namespace-api.ts';
import { type Job, jobs, type PodSpec } from './objects.ts';
import { OutcomeMemory } from './outcome-memory.ts';
import { prepareAll } from './prepare-all.ts';
import { type RetireOptions, retireJob, waitUntilEnded } from './retire-job.ts';
import { isAmong, isFailing, type SeeingOptions, type SeenTrial, seeTrial, stepOf } from './seen-trial.ts';
import { jobsToStart, limitOf, Slots, startJobs } from './slots.ts';
import { WaitingJobs } from './waiting-jobs.ts';

export interface LaunchOptions extends SeeingOptions {
  readonly executor: KubernetesExecutor;
  /** The project's Jobs, when they have been asked for already; see {@link listJobs}. */
  readonly listing?: Promise<Listing<Job>> | undefined;
  /** The project's folder, for harvested logs. */
  readonly root: string;
  /** Only trials in this state. */
  readonly only?: Only | undefined;
  readonly maxParallel?: number | undefined;
  /** Trials worked on at once. */
  readonly concurrency: number;
  /** Called for each trial in their order, as soon as it and all before it are settled. */
  readonly report: (step: LaunchStep) => void;
  /** Told in a sentence what it waits for. */
  readonly notice?: (sentence: string) => void;
  /** Called when the signal has ended it before its end: Jobs made, of how many to be made. */
  readonly interrupted?: (made: number, all: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Brings the cluster to one Job a trial: one listing tells what is there, then each trial is created, replaced
 * or left. Safe to be killed at any moment and to run beside another: names are fixed, creations are settled
 * by reading back, deletions name the UID they saw.
 *
 * @throws DiagnosticError when the cluster is out of reach or refuses for good; what was done stays done
 */
export async function launch(specs: Iterable<JobSpec>, options: LaunchOptions): Promise<LaunchSummary> {
  return new Launch(options).run(specs);
}

interface PlannedTrial {
  readonly spec: JobSpec;
  readonly seen: SeenTrial;
}

class Launch {
  readonly #options: LaunchOptions;
  readonly #steps = { created: 0, replaced: 0, kept: 0, rejected: 0, left: 0 };
  #there: ReadonlyMap<string, Job> = new Map();
  #changed = 0;
  #deleted = 0;
  #made = 0;
  #quota: string | undefined;
  readonly #waiting: WaitingJobs;
  readonly #outcomes: OutcomeMemory;
  readonly #retire: RetireOptions;
  readonly #leaving: LeavingPods;
  #slots = new Slots(undefined, []);
  #prepared = new Map<JobSpec, PreparedKubernetesJob>();

  constructor(options: LaunchOptions) {
    this.#options = options;
    this.#waiting = new WaitingJobs(options.executor);
    const { records, root, signal } = options;
    const { api, owner } = options.executor;
    this.#outcomes = new OutcomeMemory(api, records);
    this.#retire = { api, owner, records, root, signal };
    this.#leaving = new LeavingPods(api, owner, options.notice ?? (() => undefined));
  }

  async run(specs: Iterable<JobSpec>): Promise<LaunchSummary> {
    const { executor, maxParallel, signal, listing } = this.#options;
    let isRefused = false;
    const listed = (listing ?? executor.listJobs(signal)).catch((error) => {
      isRefused = true;
      return throwRefused('the Jobs cannot be listed', error);
    });
    // The trials are made while the server makes its pages.
    const [{ items }, trials] = await Promise.all([listed, gather(specs, () => !isRefused)]);
    this.#there = new Map(items.map((job) => [job.metadata.name, job]));
    // What cannot be created is found before anything is deleted for it.
    const planned = this.#plan(trials);
    let started = await this.#release(items);
    // The limit may have been given to the launch that created the Jobs that wait.
    this.#slots = new Slots(maxParallel ?? limitOf(items), [...items, ...started]);
    await inOrder(
      planned,
      this.#options.concurrency,
      (trial) => this.#settle(trial),
      (step) => {
        this.#steps[step.result] += 1;
        if (step.wasDeleted === true) this.#deleted += 1;
        if (step.result === 'kept' && step.changed.length > 0) this.#changed += 1;
        this.#options.report(step);
      },
    ).catch((error) => {
      const toMake = planned.filter(({ seen }) => seen.action.kind !== 'keep').length;
      if (signal.aborted) this.#options.interrupted?.(this.#made, toMake);
      throw error;
    });
    // A creation that was refused had its slot while others were created to wait for one.
    if (this.#slots.hasIdle) {
      const { items: now } = await executor
        .listJobs(signal)
        .catch((error) => throwRefused('the Jobs cannot be listed', error));
      started = [...started, ...(await this.#release(now))];
    }
    const { restored, lacking } = await this.#waiting.restore(signal);
    return {
      steps: this.#steps,
      changed: this.#changed,
      deleted: this.#deleted,
      quota: this.#quota,
      started: started.length,
      queued: this.#slots.queued,
      holders: this.#slots.holders,
      restored,
      lacking,
      oldSecrets: this.#waiting.countOld(),
      applied: this.#options.executor.appliedNames,
    };
  }

  /** Jobs of an earlier launch that wait for a slot: this is where they go on. */
  async #release(items: readonly Job[]): Promise<readonly Job[]> {
    const { executor, maxParallel, signal } = this.#options;
    const ready = jobsToStart(items, maxParallel);
    return await startJobs(executor.api, ready, signal).catch((error) =>
      throwRefused('a Job cannot be started', error),
    );
  }

  /** What is to be done about each trial by what the listing shows, those left out that `only` leaves out. */
  #plan(specs: Iterable<JobSpec>): readonly PlannedTrial[] {
    const { only } = this.#options;
    const planned: PlannedTrial[] = [];
    for (const spec of specs) {
      const seen = seeTrial(spec, this.#there.get(spec.name), this.#options);
      if (only === undefined || isAmong(only, spec, seen)) planned.push({ spec, seen });
    }
    const toCreate = planned.filter(({ seen }) => seen.action.kind !== 'keep');
    this.#prepared = prepareAll(
      this.#options.executor,
      toCreate.map(({ spec }) => spec),
    );
    return planned;
  }

  #settle({ spec, seen }: PlannedTrial): LaunchStep | Promise<LaunchStep> {
    return seen.action.kind === 'keep' ? this.#keep(spec, seen, seen.action.changed) : this.#make(spec, seen);
  }

  #keep(spec: JobSpec, seen: SeenTrial, changed: readonly string[]): LaunchStep | Promise<LaunchStep> {
    const { job, view, known } = seen;
    const kept: LaunchStep = { ...stepOf(spec, seen), result: 'kept', changed };
    if (job === undefined || view === undefined) return kept;
    this.#waiting.addKept(spec, job, known?.state);
    return this.#outcomes.see(job, view.observation, this.#options.signal)?.then(() => kept) ?? kept;
  }

  async #make(spec: JobSpec, first: SeenTrial): Promise<LaunchStep> {
    let wasDeleted = false;
    // Each round looks at the Job anew: it may have changed since, and what was to be done with it, too.
    for (let round = 1, seen = first; ; round += 1) {
      const { action } = seen;
      let { job } = seen;
      const step = stepOf(spec, seen);
      if (action.kind === 'keep') return await this.#keep(spec, seen, action.changed);
      if (this.#quota !== undefined) return { ...step, result: 'left' };
      try {
        if (action.kind === 'replace' && job !== undefined) {
          if (round === 1 && isFailing(seen)) {
            seen = seeTrial(spec, await waitUntilEnded(job, this.#retire), this.#options);
            continue;
          }
          // Nothing is removed for what the server refuses, nor by who may delete and not create.
          await this.#options.executor.tryCreate(this.#preparedOf(spec), this.#options.signal);
          if (await retireJob(job, this.#retire)) {
            wasDeleted = true;
            this.#slots.leave(job);
          } else {
            job = await this.#options.executor.api.get(jobs, spec.name, this.#options.signal);
            seen = seeTrial(spec, job, this.#options);
            if (round < 5) continue;
            if (job !== undefined) return { ...step, result: 'kept', reason: 'it keeps changing' };
          }
        }
        if (!wasDeleted) await this.#leaving.waitFor(spec, this.#options.signal);
        return { ...step, ...(await this.#create(spec, wasDeleted ? 'replaced' : 'created')) };
      } catch (error) {
        const judged = judgeRefusal(spec.name, error);
        const left = { ...step, ...(wasDeleted && { wasDeleted }) };
        if ('diagnostics' in judged) return { ...left, result: 'rejected', ...judged };
        this.#quota ??= judged.quota;
        return { ...left, result: 'left' };
      }
    }
  }

  #preparedOf(spec: JobSpec): PreparedKubernetesJob {
    // One that was to be kept when all were looked at is prepared only now.
    const prepared = this.#prepared.get(spec) ?? this.#options.executor.prepare(spec);
    this.#prepared.set(spec, prepared);
    return prepared;
  }

  async #create(
    spec: JobSpec,
    result: 'created' | 'replaced',
  ): Promise<Partial<LaunchStep> & Pick<LaunchStep, 'result'>> {
    const prepared = this.#preparedOf(spec);
    this.#prepared.delete(spec);
    await this.#outcomes.forget(spec);
    const { object } = prepared.workload.workload;
    const limit = this.#slots.enter(object);
    try {
      const { found } = await this.#options.executor.submit(prepared, this.#options.signal, limit);
      this.#waiting.addCreated(spec, podSpecOf(prepared));
      if (found === undefined) this.#made += 1;
      if (found === undefined) return { result, isWaiting: limit !== undefined };
      this.#slots.turnOutAs(found, limit);
      const action = decide(spec, judgeJob(found).observation);
      return {
        result: 'kept',
        reason: 'another run created it',
        changed: action.kind === 'keep' ? action.changed : [],
      };
    } catch (error) {
      this.#slots.giveUp(object, limit);
      throw error;
    }
  }
}

function podSpecOf({ workload }: PreparedKubernetesJob): PodSpec | undefined {
  const { spec } = workload.workload.object as { spec?: Job['spec'] };
  return spec?.template?.spec;
}

import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { judgeJob } from '../../executors/kubernetes/job-state.ts';
import { keepPack } from '../../executors/kubernetes/keep-pack.ts';
import type { LaunchStep } from '../../executors/kubernetes/launch-step.ts';
import { type Job, jobs } from '../../executors/kubernetes/objects.ts';
import type { OutcomeRecords } from '../../executors/kubernetes/outcome-memory.ts';
import { removeObject } from '../../executors/kubernetes/remove-object.ts';
import { type RetireOptions, retireJob, waitUntilEnded } from '../../executors/kubernetes/retire-job.ts';
import { countsWithoutJob } from '../../executors/kubernetes/run-outcome.ts';
import { changedParts, decide, hasFailed, type Overwrite } from '../../matrix/decide.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { readPack } from '../../matrix/pack.ts';
import { keepsState, type Only } from '../../matrix/select.ts';
import { packSpecs } from '../render/pack-specs.ts';
import { lookAtJobs } from './cluster-status.ts';
import type { Cluster } from './open-cluster.ts';

export interface PackPlan {
  /** Trials that are left as they are. */
  readonly kept: readonly LaunchStep[];
  /** What is to be created, packs and single trials. */
  readonly specs: readonly JobSpec[];
  /** Of trials that run again: parts in which they differ from what ran last. */
  readonly changed: ReadonlyMap<string, readonly string[]>;
  /** UIDs of single Jobs that were removed, since their trials are to run in a pack. */
  readonly retired: ReadonlySet<string>;
}

/**
 * Decides about trials that may be packed, by how each of them stands wherever it ran last, and packs those that
 * are to run. A trial that runs beside others in a pack is replaced only together with them.
 */
export async function planPacks(
  specs: Iterable<JobSpec>,
  items: readonly Job[],
  cluster: Cluster,
  config: Config,
  options: {
    readonly overwrite: Overwrite | undefined;
    readonly only: Only | undefined;
    readonly records: OutcomeRecords;
    /** Told what is to be created before anything is removed for it; throws where it cannot be. */
    readonly check: (specs: readonly JobSpec[], isReplacing: boolean) => Promise<void>;
    /** The project's folder, for the logs of packs that are removed. */
    readonly root: string;
  },
  context: Context,
): Promise<PackPlan> {
  const { views } = await lookAtJobs(cluster, config.project.max_parallel, context, {
    recall: (name) => options.records.readListed(name),
  });
  const kept: LaunchStep[] = [];
  const wanted = new Map<string, JobSpec>();
  const changedOf = new Map<string, readonly string[]>();
  const step = (name: string, rest: Partial<LaunchStep>): LaunchStep => ({
    name,
    found: views.get(name)?.observation.state ?? 'missing',
    reason: views.get(name)?.observation.reason,
    result: 'kept',
    isWaiting: false,
    changed: [],
    diagnostics: [],
    ...rest,
  });
  for (const spec of specs) {
    const known =
      views.get(spec.name)?.observation ?? (await remembered(spec.name, options.records, context.now()));
    const changed = changedParts(spec.fingerprint, known?.fingerprint);
    if (options.only !== undefined && !keepsState(options.only, known?.state ?? 'missing', changed)) continue;
    const action = decide(spec, known, options.overwrite);
    if (action.kind !== 'keep') {
      wanted.set(spec.name, spec);
      changedOf.set(spec.name, changed);
    } else kept.push(step(spec.name, { found: known?.state ?? 'missing', changed: action.changed }));
  }
  const replaced: Job[] = [];
  for (const job of items) {
    const trials = readPack(job.metadata.annotations) ?? [];
    const { uid } = job.metadata;
    const isHere = ({ name }: { readonly name: string }) => views.get(name)?.uid === uid;
    const isLeft = (trial: { readonly name: string }) => isHere(trial) && !wanted.has(trial.name);
    if (trials.length === 0) continue;
    const state = views.get(job.metadata.name)?.observation.state ?? 'missing';
    // Every trial of it runs again, or has done so: nothing is to be read from it any more.
    if (!trials.some(isLeft)) replaced.push(job);
    else if (state !== 'succeeded' && !hasFailed(state)) {
      for (const { name } of trials.filter((trial) => isHere(trial) && wanted.has(trial.name))) {
        const now = views.get(name)?.observation.state ?? 'missing';
        if (now === 'succeeded' || hasFailed(now)) continue;
        wanted.delete(name);
        const hint = `it runs beside others; make delete_job name=${job.metadata.name} ends them all`;
        kept.push(step(name, { reason: hint }));
      }
    }
  }
  const packed = [...packSpecs(wanted.values(), config, context)];
  const single = new Set(packed.map(({ name }) => name));
  const moved = items.filter(({ metadata }) => wanted.has(metadata.name) && !single.has(metadata.name));
  await options.check(packed, replaced.length + moved.length > 0);
  const { api, owner } = cluster;
  const retire = { ...options, api, owner, signal: context.signal };
  for (const job of replaced) await retirePack(job, retire);
  for (const job of moved) await retireSingle(job, retire);
  return {
    kept,
    specs: packed,
    changed: changedOf,
    retired: new Set(moved.map(({ metadata }) => metadata.uid)),
  };
}

/** Removes a pack so that its trials can run again: keeps what they have printed, and of those that ran, that they did. */
async function retirePack(job: Job, { api, records, root, signal }: RetireOptions): Promise<void> {
  const isFailing = hasFailed(judgeJob(job).observation.state);
  const last = isFailing ? await waitUntilEnded(job, { api, signal }) : job;
  if (last === undefined) return;
  const { name, uid } = last.metadata;
  if (uid !== job.metadata.uid) return;
  if (!isComplete(last))
    await keepPack(last, { api, records, root, interruption: 'replaced while it ran', signal });
  await removeObject(api, jobs, { name, uid }, signal);
}

/** Removes the Job that a trial had for itself so that it can run in a pack. */
async function retireSingle(job: Job, options: RetireOptions): Promise<void> {
  const { api, signal } = options;
  const isFailing = hasFailed(judgeJob(job).observation.state);
  let last = isFailing ? await waitUntilEnded(job, options) : job;
  while (last?.metadata.uid === job.metadata.uid && !(await retireJob(last, options)))
    last = await api.get(jobs, job.metadata.name, signal);
}

/** Of one that has succeeded, the outcome is known, and each trial has succeeded. */
function isComplete(job: Job): boolean {
  return judgeJob(job).observation.state === 'succeeded';
}

/** A trial whose Job a TTL has removed is known by its record alone. */
async function remembered(name: string, records: OutcomeRecords, now: number) {
  const record = await records.read(name);
  return countsWithoutJob(record, now) ? record : undefined;
}

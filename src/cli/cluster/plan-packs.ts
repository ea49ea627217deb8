import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import type { RecordStore } from '../../executors/executor.ts';
import type { LaunchStep } from '../../executors/kubernetes/launch.ts';
import { jobs } from '../../executors/kubernetes/objects.ts';
import { ownerSelector } from '../../executors/kubernetes/owner.ts';
import { removeObject } from '../../executors/kubernetes/remove-object.ts';
import { executorName } from '../../executors/kubernetes/run-outcome.ts';
import { changedParts, decide, hasFailed, type Overwrite } from '../../matrix/decide.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { packTrials, readPack } from '../../matrix/pack.ts';
import { keepsState, type Only } from '../../matrix/select.ts';
import { lookAtJobs } from './cluster-status.ts';
import type { Cluster } from './open-cluster.ts';

export interface PackPlan {
  /** Trials that are left as they are. */
  readonly kept: readonly LaunchStep[];
  /** What is to be created, packs and single trials. */
  readonly specs: readonly JobSpec[];
}

/**
 * Decides about trials that may be packed, by how each of them stands wherever it ran last, and packs those that
 * are to run. A trial that runs beside others in a pack is replaced only together with them.
 */
export async function planPacks(
  specs: Iterable<JobSpec>,
  cluster: Cluster,
  config: Config,
  options: {
    readonly overwrite: Overwrite | undefined;
    readonly only: Only | undefined;
    readonly records: RecordStore;
  },
  context: Context,
): Promise<PackPlan> {
  const views = await lookAtJobs(cluster, config, context);
  const { items } = await cluster.api.list(jobs, { labels: ownerSelector(cluster.owner) }, context.signal);
  const kept: LaunchStep[] = [];
  const wanted = new Map<string, JobSpec>();
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
    const known = views.get(spec.name)?.observation ?? (await remembered(spec.name, options.records));
    const changed = changedParts(spec.fingerprint, known?.fingerprint);
    if (options.only !== undefined && !keepsState(options.only, known?.state ?? 'missing', changed)) continue;
    const action = decide(spec, known, options.overwrite);
    if (action.kind !== 'keep') wanted.set(spec.name, spec);
    else kept.push(step(spec.name, { found: known?.state ?? 'missing', changed: action.changed }));
  }
  // Of the packs that still run and hold a trial to replace: all of it, or none.
  for (const job of items) {
    const trials = readPack(job.metadata.annotations) ?? [];
    const own = trials.filter(({ name }) => {
      const view = views.get(name);
      return view?.uid === job.metadata.uid && wanted.has(name);
    });
    const state = views.get(job.metadata.name)?.observation.state;
    if (own.length === 0 || state === undefined || state === 'succeeded' || hasFailed(state)) continue;
    if (own.length === trials.length) {
      const target = { name: job.metadata.name, uid: job.metadata.uid };
      await removeObject(cluster.api, jobs, target, context.signal);
      continue;
    }
    for (const { name } of own) {
      const active = !hasFailed(views.get(name)?.observation.state ?? 'missing');
      if (!active) continue;
      wanted.delete(name);
      const hint = `it runs beside others; make delete_job name=${job.metadata.name} ends them all`;
      kept.push(step(name, { reason: hint }));
    }
  }
  return { kept, specs: packTrials(wanted.values()) };
}

/** A trial whose Job a TTL has removed is known by its record alone. */
async function remembered(name: string, records: RecordStore) {
  const record = await records.read(name);
  return record?.executor === executorName && record.state === 'succeeded' ? record : undefined;
}

import { hasFailed } from '../../matrix/decide.ts';
import type { RecordStore } from '../executor.ts';
import { harvestLog } from './harvest-log.ts';
import { judgeJob } from './job-state.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { type Job, jobs } from './objects.ts';
import { isOurs, type Owner } from './owner.ts';
import { podsOfJob } from './pods-of-job.ts';
import { deletionPatience, removeObject } from './remove-object.ts';
import { attemptOf, recordOf } from './run-outcome.ts';
import { hasEnded } from './slots.ts';

export interface RetireOptions {
  readonly api: NamespaceApi;
  readonly owner: Owner;
  readonly records: RecordStore;
  /** The project's folder, for harvested logs. */
  readonly root: string;
  readonly signal: AbortSignal;
}

/**
 * Removes a Job so that its trial can run again: keeps what it has printed and how it ended, deletes it, waits until it
 * is gone.
 *
 * @returns false where it has changed since it was seen, and is left
 */
export async function retireJob(job: Job, options: RetireOptions): Promise<boolean> {
  const { api, owner, signal } = options;
  // The selector of the listing says so already; a deletion is worth asking twice.
  if (!isOurs(job, owner)) throw new Error(`the listing holds ${job.metadata.name}, which is not ours`);
  const { name, uid, resourceVersion } = job.metadata;
  if (job.metadata.deletionTimestamp !== undefined)
    await api.waitUntilGone(jobs, { name, uid }, { patience: deletionPatience }, signal);
  else {
    await keepOutcome(job, options);
    // The version makes sure of the state we saw: a Job that has succeeded since is left.
    if ((await removeObject(api, jobs, { name, uid, resourceVersion }, signal)) === 'changed') return false;
  }
  // What still runs would write to the same place, and several nodes find each other by the same names.
  if (job.spec?.completionMode === 'Indexed' || (job.status?.active ?? 0) > 0)
    await waitForPods(job, options);
  return true;
}

/** Writes down how a Job has ended, with its pods' own account of it, and the last it has printed. */
export async function keepOutcome(
  job: Job,
  { api, records, root, signal }: Omit<RetireOptions, 'owner'>,
): Promise<void> {
  const { state } = judgeJob(job).observation;
  if (state !== 'succeeded' && !hasFailed(state)) return;
  const { name, uid } = job.metadata;
  const pods = await podsOfJob(api, job, signal);
  const known = await records.read(name);
  // What was seen of it while its pods were there says more.
  if (pods.length === 0 && known?.uid === uid && hasFailed(known.state)) return;
  const attempt = attemptOf(job, known);
  const log = await harvestLog(api, job, pods, { root, attempt }, signal);
  const record = recordOf(job, judgeJob(job, pods).observation, { attempt, log });
  if (record !== undefined) await records.write(record);
}

/**
 * A Job that is failing has the condition `FailureTarget` while its pods have their grace period to end in, and `Failed`
 * only when they have: until then, their last words are still to come.
 *
 * @returns the Job as it is then; `undefined` when it is gone
 */
export async function waitUntilEnded(
  job: Job,
  { api, signal }: Pick<RetireOptions, 'api' | 'signal'>,
): Promise<Job | undefined> {
  const { policy } = api.client;
  const start = policy.now();
  let latest: Job | undefined = job;
  for (let wait = 50; policy.now() - start < deletionPatience; wait = Math.min(wait * 2, 2000)) {
    if (latest === undefined || hasEnded(latest) || latest.metadata.deletionTimestamp !== undefined) break;
    await policy.sleep(wait, signal);
    latest = await api.get(jobs, job.metadata.name, signal);
  }
  return latest;
}

/** Pods outlive their Job by up to their grace period. */
async function waitForPods(job: Job, { api, signal }: RetireOptions): Promise<void> {
  const { policy } = api.client;
  const start = policy.now();
  const grace = (job.spec?.template?.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  for (let wait = 50; policy.now() - start < deletionPatience + grace; wait = Math.min(wait * 2, 2000)) {
    const pods = await podsOfJob(api, job, signal);
    if (pods.every(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed')) return;
    await policy.sleep(wait, signal);
  }
}

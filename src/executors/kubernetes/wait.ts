import { hasFailed } from '../../matrix/decide.ts';
import { inOrder } from './in-order.ts';
import { type JobView, judgeJob } from './job-state.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { type Job, jobs } from './objects.ts';
import { type Owner, ownerSelector } from './owner.ts';
import { latestJobs } from './packed-trials.ts';
import { isUncounted, PendingLooks, type PendingLooksOptions } from './pending-looks.ts';
import { podsOfJob } from './pods-of-job.ts';
import { hasEnded, jobsToStart, startJobs } from './slots.ts';
import { follow } from './watch.ts';

export interface WaitOptions {
  readonly api: NamespaceApi;
  readonly owner: Owner;
  /** Of these trials, those that have a Job, of their own or packed with others. */
  readonly names: ReadonlySet<string>;
  readonly maxParallel: number | undefined;
  /** Called for each Job that is seen in another state than before. */
  readonly report: (view: JobView, job: Job) => void;
  /** Called once for each Job that has ended, with why. */
  readonly ended: (view: JobView, job: Job) => Promise<void> | void;
  /** Called now and then with Jobs that have been pending for a while. @see PendingLooksOptions */
  readonly look?: PendingLooksOptions['look'];
  readonly signal: AbortSignal;
}

/** Jobs that ended since the last look whose pods are asked for at once. */
const concurrency = 16;

/** Why a Job failed is known to its pods. */
async function judgeEnded(api: NamespaceApi, job: Job, signal: AbortSignal): Promise<JobView> {
  const view = judgeJob(job);
  return view.observation.state === 'succeeded' ? view : judgeJob(job, await podsOfJob(api, job, signal));
}

/** Decided, but its pods have their last seconds still. */
function isEnding({ observation: { state } }: JobView): boolean {
  return state === 'succeeded' || hasFailed(state);
}

/**
 * Follows Jobs until all have ended, and starts those that wait for a slot as slots become free. A Job that
 * disappears while it is followed counts as ended: a TTL removes it, or somebody.
 *
 * @returns the names that were there and have gone without being seen to end
 */
export async function waitForJobs(options: WaitOptions): Promise<readonly string[]> {
  const { api, owner, names, signal } = options;
  const states = new Map<string, string>();
  const ended = new Set<string>();
  const { look } = options;
  const begun = (job: Job): void => options.report(judgeJob(job), job);
  using looks = look === undefined ? undefined : new PendingLooks(api.client, { look, begun }, signal);
  for await (const snapshot of follow(api, jobs, { labels: ownerSelector(owner) }, signal)) {
    const all = [...snapshot.values()];
    const over: Job[] = [];
    const pending: Job[] = [];
    const wanted = new Set(latestJobs(all, names).values());
    for (const job of all.filter((each) => wanted.has(each.metadata.uid) && !ended.has(each.metadata.name))) {
      const { name, uid } = job.metadata;
      const view = judgeJob(job);
      const { state: is } = view.observation;
      const state = `${uid} ${is}`;
      if (hasEnded(job)) {
        ended.add(name);
        over.push(job);
      } else if (!isEnding(view)) {
        const isUnclear = looks !== undefined && is === 'running' && isUncounted(job);
        if (isUnclear || is === 'pending') pending.push(job);
        if (states.get(name) !== state && !isUnclear) options.report(view, job);
      }
      states.set(name, state);
    }
    looks?.see(pending);
    const known: [JobView, Job][] = [];
    const judge = async (job: Job): Promise<[JobView, Job]> => [await judgeEnded(api, job, signal), job];
    await inOrder(over, concurrency, judge, (each) => known.push(each));
    for (const each of known) await options.ended(...each);
    const ready = jobsToStart(all, options.maxParallel);
    if (ready.length > 0) await startJobs(api, ready, signal);
    const isOver = [...states.keys()].every((name) => ended.has(name) || !snapshot.has(name));
    if (isOver) break;
  }
  return [...states.keys()].filter((name) => !ended.has(name));
}

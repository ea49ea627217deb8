import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ApiError, isApiError } from '../../executors/kubernetes/api-error.ts';
import { askPacks } from '../../executors/kubernetes/ask-packs.ts';
import { type JobView, judgeJob } from '../../executors/kubernetes/job-state.ts';
import { refused } from '../../executors/kubernetes/namespace-api.ts';
import { type Event, type Job, jobs, type Pod, pods } from '../../executors/kubernetes/objects.ts';
import type { OutcomeMemory } from '../../executors/kubernetes/outcome-memory.ts';
import { ownerSelector } from '../../executors/kubernetes/owner.ts';
import { byAge, judgePackedTrials, packPodToAsk } from '../../executors/kubernetes/packed-trials.ts';
import { judgePod } from '../../executors/kubernetes/pod-state.ts';
import { hasEnded, holdersOf, jobsToStart, startJobs } from '../../executors/kubernetes/slots.ts';
import { SweepWatch } from '../../executors/kubernetes/sweep-watch.ts';
import type { PackCodes } from '../../matrix/pack-codes.ts';
import type { Cluster } from './open-cluster.ts';
import type { InteractivePod } from './print-cluster-status.ts';
import { isEventful, readEvents } from './read-events.ts';

/** Milliseconds between two looks at what no change of an object tells: events, and the logs of packs. */
const lookInterval = 15_000;

/** Milliseconds to pass for each Job before all are shown again: thousands that start change as often. */
const redrawInterval = 0.1;
/** Milliseconds between two tables of few Jobs. */
const leastRedraw = 200;

/** Our Jobs by name, judged with their pods. */
type JobViews = ReadonlyMap<string, JobView & { readonly isPack?: boolean }>;

/** What one look has found. */
interface JobLook {
  readonly views: JobViews;
  /** By the server's clock. */
  readonly now: number;
  readonly interactive: readonly InteractivePod[];
  /** Jobs that have the slots of `max_parallel` which others wait for. */
  readonly holders: readonly string[];
}

/**
 * One look at all Jobs and pods of the project. Jobs that wait for a slot of `max_parallel` are started where
 * there is one: whoever looks keeps the sweep going.
 */
export async function lookAtJobs(
  cluster: Cluster,
  maxParallel: number | undefined,
  context: Context,
  outcomes?: Recalling,
): Promise<JobLook> {
  const { api, owner } = cluster;
  const labels = ownerSelector(owner);
  const { signal } = context;
  try {
    const [jobList, podList] = await Promise.all([
      api.list(jobs, { labels }, signal),
      api.list(pods, { labels }, signal),
    ]);
    const all = await continueSweep(cluster, jobList.items, maxParallel, context);
    const found = group(all, podList.items);
    await remember(found, outcomes, signal);
    const told = await askPacks(api, found, signal);
    const views = judgeAll(found, told, [], outcomes);
    const interactive = interactivePods(podList.items);
    const holders = holdersOf(all);
    const now = api.client.serverTime();
    if (!needsEvents(views)) return { views, interactive, holders, now };
    return {
      views: judgeAll(found, told, await readEvents(api, signal), outcomes),
      interactive,
      holders,
      now,
    };
  } catch (error) {
    if (error instanceof ApiError) throw refused('the Jobs cannot be listed', error);
    throw error;
  }
}

/** The same, again after every change; ends with the signal. */
export async function* watchJobs(
  cluster: Cluster,
  maxParallel: number | undefined,
  context: Context,
  outcomes: OutcomeMemory,
): AsyncGenerator<JobLook> {
  const { api, owner } = cluster;
  const { signal } = context;
  /** Removed since the last look, as they were. */
  const departed: Job[] = [];
  using watch = new SweepWatch(api, owner, signal, (job) => departed.push(job));
  let timer: NodeJS.Timeout | undefined;
  let known: readonly Event[] = [];
  let nextLook = Number.NEGATIVE_INFINITY;
  const { policy } = api.client;
  try {
    for (;;) {
      const changed = watch.change();
      const { jobs: jobList, pods: podList } = watch;
      if (jobList !== undefined && podList !== undefined) {
        await continueSweep(cluster, jobList, maxParallel, context);
        const found = group(jobList, podList);
        await remember([...found, ...group(departed.splice(0), podList)], outcomes, signal);
        const told = await askPacks(api, found, signal);
        let views = judgeAll(found, told, known, outcomes);
        const isWaiting = needsEvents(views);
        if (isWaiting && policy.now() >= nextLook) {
          known = await readEvents(api, signal);
          nextLook = policy.now() + lookInterval;
          views = judgeAll(found, told, known, outcomes);
        }
        yield {
          views,
          interactive: interactivePods(podList),
          holders: holdersOf(jobList),
          now: api.client.serverTime(),
        };
        await policy.sleep(Math.max(leastRedraw, views.size * redrawInterval), signal);
        const hasPacks = found.some(({ job, pods: own }) => packPodToAsk(job, own) !== undefined);
        timer = isWaiting || hasPacks ? setTimeout(() => watch.wake(), lookInterval) : undefined;
      }
      await changed;
      clearTimeout(timer);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Who only looks, perhaps at a folder that cannot be written, is not kept from it by a record. */
async function remember(
  found: readonly JobWithPods[],
  outcomes: Recalling | undefined,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (const { job, pods: own } of found)
      if (hasEnded(job)) await outcomes?.see?.(job, judgeJob(job, own).observation, signal);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
  }
}

function needsEvents(views: JobViews): boolean {
  return [...views.values()].some(isEventful);
}

async function continueSweep(
  { api }: Cluster,
  all: readonly Job[],
  maxParallel: number | undefined,
  context: Context,
): Promise<readonly Job[]> {
  const ready = jobsToStart(all, maxParallel);
  if (ready.length === 0) return all;
  try {
    const started = new Map(
      (await startJobs(api, ready, context.signal)).map((job) => [job.metadata.uid, job]),
    );
    return all.map((job) => started.get(job.metadata.uid) ?? job);
  } catch (error) {
    // Who may look may not be who may start.
    if (isApiError(error, 'Forbidden')) return all;
    throw error;
  }
}

/** What tells how trials ended whose pods are gone, and may be told how those ended that are seen. */
type Recalling = Pick<OutcomeMemory, 'recall'> & Partial<Pick<OutcomeMemory, 'see'>>;

interface JobWithPods {
  readonly job: Job;
  readonly pods: readonly Pod[];
}

/** Pods that somebody works in, or has forgotten: they are of no Job, and stay until they are removed. */
function interactivePods(all: readonly Pod[]): readonly InteractivePod[] {
  return all
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ kind }) => kind === 'Job') !== true)
    .map((pod) => ({
      name: pod.metadata.name,
      state: pod.metadata.deletionTimestamp === undefined ? judgePod(pod).state : 'being deleted',
    }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** Oldest first: of the Jobs that a trial has been in, the last one counts. */
function group(all: readonly Job[], allPods: readonly Pod[]): readonly JobWithPods[] {
  const byOwner = Map.groupBy(
    allPods,
    (pod) => pod.metadata.ownerReferences?.find(({ kind }) => kind === 'Job')?.uid,
  );
  return all.toSorted(byAge).map((job) => ({ job, pods: byOwner.get(job.metadata.uid) ?? [] }));
}

function judgeAll(
  found: readonly JobWithPods[],
  told: ReadonlyMap<string, PackCodes>,
  allEvents: readonly Event[],
  outcomes: Recalling | undefined,
): JobViews {
  const views = new Map<string, JobView & { readonly isPack?: boolean }>();
  for (const { job, pods: own } of found) {
    const view = judgeJob(job, own, allEvents);
    const packed = judgePackedTrials(job, view, own, told, (name) => outcomes?.recall(name));
    views.set(job.metadata.name, packed.length > 0 ? { ...view, isPack: true } : view);
    for (const trial of packed) views.set(trial.observation.name, trial);
  }
  return views;
}

import type { Context } from '../../context.ts';
import { type Pod, pods } from '../../executors/kubernetes/objects.ts';
import { ownerSelector } from '../../executors/kubernetes/owner.ts';
import { hasEnded } from '../../executors/kubernetes/slots.ts';
import { SweepWatch } from '../../executors/kubernetes/sweep-watch.ts';
import type { Glob } from '../../glob.ts';
import { byName, isAskedFor, jobUidOf, trialsMatching } from './log-targets.ts';
import type { Cluster } from './open-cluster.ts';

/** Logs that are read at once: each is a connection, through the API server to a node. The others take turns. */
export const mostAtOnce = 32;

export interface FollowLogsOptions {
  readonly glob: Glob;
  /** Whose output is read; default the first. */
  readonly container: string | undefined;
  /** UIDs of pods whose logs are not wanted: earlier attempts. */
  readonly passed: ReadonlySet<string>;
  /** Prints the log of a pod to its end. */
  readonly print: (pod: Pod) => Promise<void>;
}

/**
 * Prints the logs of all pods that match, those that come later with them (trials that wait, later attempts), until
 * all Jobs that match have ended.
 */
export async function followLogs(
  { api, owner }: Cluster,
  options: FollowLogsOptions,
  context: Context,
): Promise<void> {
  const { glob, print } = options;
  using watch = new SweepWatch(api, owner, context.signal);
  const seen = new Set(options.passed);
  /** UIDs of pods whose logs are read, and of their Jobs. */
  const begun = new Set<string | undefined>();
  const queue: Pod[] = [];
  let active = 0;
  const takeIn = (all: readonly Pod[]): void => {
    for (const pod of all.toSorted(byName)) {
      if (seen.has(pod.metadata.uid) || !isAskedFor(pod, glob) || !hasBegun(pod, options.container)) continue;
      seen.add(pod.metadata.uid);
      begun.add(pod.metadata.uid).add(jobUidOf(pod));
      queue.push(pod);
    }
    while (active < mostAtOnce) {
      const next = queue.shift();
      if (next === undefined) return;
      active += 1;
      watch.run(async () => {
        await print(next).finally(() => {
          active -= 1;
        });
      });
    }
  };
  const told = new Set<string>();
  const tellOnce = (what: string, line: string): void => {
    if (!told.has(what)) context.stderr.write(`${line}\n`);
    told.add(what);
  };
  for (;;) {
    const changed = watch.change();
    const { jobs: jobList, pods: podList } = watch;
    if (jobList !== undefined && podList !== undefined) {
      takeIn(podList);
      const openJobs = trialsMatching(jobList, glob)
        .filter(({ job }) => !hasEnded(job))
        .map(({ name, job }) => ({ name, uid: job.metadata.uid }));
      const uids = new Set(openJobs.map(({ uid }) => uid));
      // Those of no Job, or of one that is not asked for: they have to be waited for themselves.
      const openPods = podList.filter(
        (pod) =>
          isAskedFor(pod, glob) &&
          !isLeaving(pod) &&
          !options.passed.has(pod.metadata.uid) &&
          !uids.has(jobUidOf(pod) ?? ''),
      );
      const open = [...openJobs, ...openPods.map(({ metadata: { name, uid } }) => ({ name, uid }))];
      if (queue.length > 0)
        tellOnce('queue', `${mostAtOnce} logs are followed at once; ${queue.length} more when those end`);
      const [waiting, ...more] = open.filter(({ uid }) => !begun.has(uid));
      if (active === 0 && waiting !== undefined) {
        const others = more.length > 0 ? ` and ${more.length} more` : '';
        tellOnce('waiting', `waiting for ${waiting.name}${others} to begin; make status says why`);
      }
      if (active === 0 && queue.length === 0 && open.length === 0) {
        // What is known of pods may be older than what is known of Jobs.
        takeIn((await api.list(pods, { labels: ownerSelector(owner) }, context.signal)).items);
        if (active === 0) return;
      }
    }
    await changed;
  }
}

/** Ended, or on its way out: of a node that is gone, a pod may be so for hours. */
function isLeaving(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined || isOver(pod);
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Whether there may be something to read: a pod that waits for its node or its image takes no turn from others. */
function hasBegun(pod: Pod, container: string | undefined): boolean {
  if (isOver(pod)) return true;
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const wanted = container ?? all[0]?.name;
  // Of a container that there is not, the server's answer is worth having at once.
  if (!all.some(({ name }) => name === wanted)) return true;
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const state = statuses.find(({ name }) => name === wanted)?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
}

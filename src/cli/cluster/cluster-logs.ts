import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { inOrder } from '../../executors/kubernetes/in-order.ts';
import { judgeJob } from '../../executors/kubernetes/job-state.ts';
import { throwRefused } from '../../executors/kubernetes/namespace-api.ts';
import { containerOf, type Job, jobs, type Pod, pods } from '../../executors/kubernetes/objects.ts';
import { ownerSelector } from '../../executors/kubernetes/owner.ts';
import { hasEnded } from '../../executors/kubernetes/slots.ts';
import { loggedAttempts } from '../../executors/local-log.ts';
import { ExitCode } from '../../exit-code.ts';
import { parseGlob } from '../../glob.ts';
import { DiskRecordStore } from '../../records/record-store.ts';
import type { RunRecord } from '../../records/run-record.ts';
import { chooseAttempt } from './choose-attempt.ts';
import { followLogs, mostAtOnce } from './follow-logs.ts';
import { describeWithoutPod, hintRunAgain } from './job-without-pod.ts';
import { openPlace } from './last-launch.ts';
import { isAskedFor, latestOfEach, type TrialInJob, trialsMatching } from './log-targets.ts';
import { type Cluster, hasCluster } from './open-cluster.ts';
import { type PodLogRequest, printPodLog } from './print-pod-log.ts';
import { mayHaveCluster, openToLook } from './status-of-cluster.ts';

export interface ClusterLogsOptions {
  /** A trial's or pod's name, or a pattern. */
  readonly name: string;
  /** Among the pods of a Job, or the logs that are kept here; default the last. */
  readonly attempt: number | undefined;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly raw: boolean;
  readonly json: boolean;
  readonly container: string | undefined;
  readonly tail: number | undefined;
  readonly yes: boolean;
}

/** A cluster where nothing of the name was found. */
export interface AskedCluster {
  readonly namespace: string;
  /** Names of the project's Jobs there. */
  readonly jobs: readonly string[];
}

/**
 * Prints the logs of the pods whose trial or own name matches; several at once, each line with its pod in
 * front. Where there is no such pod, the logs may be on this machine: the cluster that was asked, `undefined` for none.
 */
export async function printClusterLogs(
  options: ClusterLogsOptions,
  context: Context,
): Promise<ExitCode | AskedCluster | undefined> {
  if (!mayHaveCluster(context)) return undefined;
  const config = await openPlace(context);
  if (!hasCluster(config)) return undefined;
  using cluster = await openToLook(config, options, context);
  const { api, owner } = cluster;
  const { items } = await api
    .list(pods, { labels: ownerSelector(owner) }, context.signal)
    .catch((error) => throwRefused('the pods cannot be listed', error));
  const glob = parseGlob(options.name);
  const found = items.filter((pod) => isAskedFor(pod, glob));
  // What ran before the last restart has ended.
  const isFollowed = options.follow && !options.previous;
  const { attempt } = options;
  const isOpen = isFollowed && attempt === undefined;
  const all = found.length === 0 || isOpen ? await listJobs(cluster, context.signal) : [];
  const trials = trialsMatching(all, glob);
  if (found.length === 0 && !(isOpen && trials.some(({ job }) => !hasEnded(job)))) {
    // Of a trial that runs again, the log of its last attempt is here.
    const records = new DiskRecordStore(context.cwd, () => undefined);
    const known = trials.map((each) => ({ ...each, record: records.readListed(each.name) }));
    const isKept = ({ name, record }: (typeof known)[number]): boolean =>
      attempt === undefined
        ? record !== undefined && existsSync(join(context.cwd, record.log))
        : loggedAttempts(context.cwd, name).length > 0;
    if (trials.length > 0 && !known.some(isKept)) throw noPod(trials, context.cwd);
    for (const { name, job, record } of known)
      if (record !== undefined && attempt === undefined) tellOlderRun(name, job, record, context);
    return { namespace: api.namespace, jobs: all.map((job) => job.metadata.name) };
  }
  const chosen = attempt === undefined ? latestOfEach(found) : chooseAttempt(found, attempt, glob, context);
  if (attempt !== undefined && chosen.length === 0) return { namespace: api.namespace, jobs: [] };
  if (options.container !== undefined) requireContainer(chosen, options.container);
  const nodes = trials.map(({ job }) => job.spec?.completions ?? 1);
  const isPrefixed = Math.max(chosen.length, trials.length, ...nodes) > 1;
  const request: PodLogRequest = { ...options, follow: isFollowed, glob, isPrefixed };
  let hasFailed = false;
  const print = async (pod: Pod): Promise<void> => {
    const isWhole = await printPodLog(api, pod, request, context);
    hasFailed ||= !isWhole;
  };
  if (isOpen) {
    const latest = new Set(chosen.map(({ metadata }) => metadata.uid));
    const passed = new Set(found.map(({ metadata }) => metadata.uid).filter((uid) => !latest.has(uid)));
    const { container } = options;
    await followLogs(cluster, { glob, container, passed, print }, context).catch((error) =>
      throwRefused('the pods cannot be followed', error),
    );
  } else {
    // One after the other: lines of many finished pods are easier to read in order.
    await inOrder(chosen, isFollowed ? mostAtOnce : 1, print, () => undefined);
  }
  return hasFailed ? ExitCode.refused : ExitCode.ok;
}

/** Trials may be on the cluster without a pod: pending, suspended, or ended so long ago that the pod is gone. */
async function listJobs({ api, owner }: Cluster, signal: AbortSignal): Promise<readonly Job[]> {
  const { items } = await api
    .list(jobs, { labels: ownerSelector(owner) }, signal)
    .catch((error) => throwRefused('the Jobs cannot be listed', error));
  return items;
}

/** The log that follows is not that of the Job: who reads it must not take its numbers for the cluster's. */
function tellOlderRun(name: string, job: Job, record: RunRecord, { stderr }: Context): void {
  const isLocal = record.executor === 'local';
  // The log that was kept of this very Job, or of a trial packed into it.
  const isOwn = record.uid === job.metadata.uid || (record.uid === undefined && hasEnded(job));
  if (!isLocal && isOwn) return;
  const run = isLocal ? 'the run on this machine' : 'its run before';
  const gone = hasEnded(job) ? ', its pod is gone,' : '';
  stderr.write(
    `${name}: its Job on the cluster ${describeWithoutPod(job)}${gone} and has no log; this is ${run}, begun ${record.startedAt}\n`,
  );
}

/** Where no pod has it, the name is mistyped; where some have, the others have nothing to print. */
function requireContainer(chosen: readonly Pod[], name: string): void {
  const [first] = chosen;
  if (first === undefined || chosen.some((pod) => containerOf(pod, name) !== undefined)) return;
  const there = [...(first.spec?.containers ?? []), ...(first.spec?.initContainers ?? [])].map(
    (each) => `"${each.name}"`,
  );
  throw new DiagnosticError(
    errorDiagnostic('KUBE_NO_CONTAINER', `pod "${first.metadata.name}" has no container "${name}"`, {
      hint: `it has ${there.join(', ')}`,
    }),
    ExitCode.refused,
  );
}

/** What keeps the log of a trial that may run into its timeout again. */
const overdueHint =
  'a longer timeout, make logs follow=true while it runs, or a log written below its outputs would have kept it; ';

function noPod([first, ...others]: readonly TrialInJob[], root: string): DiagnosticError {
  const more = others.length === 0 ? '' : ` (and ${others.length} more of that name)`;
  const { name = '', job } = first ?? {};
  const what = job?.metadata.name === name ? name : `${job?.metadata.name}, in which ${name} runs,`;
  const refuse = (message: string, hint: string): DiagnosticError =>
    new DiagnosticError(errorDiagnostic('KUBE_NO_LOG', message, { hint }), ExitCode.refused);
  if (job === undefined || !hasEnded(job))
    return refuse(`${what}${more} has no pod, and so no log`, 'make status says what it waits for');
  const attempts = loggedAttempts(root, name);
  const older = attempts.length > 0 ? `older logs: attempt=${attempts.join(', attempt=')}; ` : '';
  // Others stay until the Job is removed.
  const isOver = judgeJob(job).observation.state === 'timeout';
  return refuse(
    `${what}${more} ${describeWithoutPod(job)}; ${isOver ? 'the cluster deletes the pod of such a Job, and its log with it' : 'its pod is gone, and nobody had kept its log'}`,
    `${older}${isOver ? overdueHint : ''}${hintRunAgain(job)}`,
  );
}

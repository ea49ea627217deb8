import { once } from 'node:events';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ApiError } from '../../executors/kubernetes/api-error.ts';
import { judgeJob } from '../../executors/kubernetes/job-state.ts';
import { refused } from '../../executors/kubernetes/namespace-api.ts';
import { type Job, jobs, type Pod, pods } from '../../executors/kubernetes/objects.ts';
import { ownerSelector } from '../../executors/kubernetes/owner.ts';
import { readPodLog } from '../../executors/kubernetes/pod-log.ts';
import { judgePod } from '../../executors/kubernetes/pod-state.ts';
import { hasEnded } from '../../executors/kubernetes/slots.ts';
import { ExitCode } from '../../exit-code.ts';
import { type Glob, parseGlob } from '../../glob.ts';
import { readPack } from '../../matrix/pack.ts';
import { DiskRecordStore } from '../../records/record-store.ts';
import type { RunRecord } from '../../records/run-record.ts';
import { LastLines } from '../../report/last-lines.ts';
import { LogLines } from '../../report/log-lines.ts';
import { PackedLines } from '../../report/packed-lines.ts';
import { openProject } from '../project.ts';
import { type Cluster, hasCluster, openCluster } from './open-cluster.ts';
import { mayHaveCluster } from './status-of-cluster.ts';

export interface ClusterLogsOptions {
  /** A trial's or pod's name, or a pattern. */
  readonly name: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly raw: boolean;
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
  const config = await openProject(context);
  if (!hasCluster(config)) return undefined;
  using cluster = await openCluster(config, { yes: options.yes }, context);
  const { api, owner } = cluster;
  const { items } = await api.list(pods, { labels: ownerSelector(owner) }, context.signal).catch((error) => {
    throw error instanceof ApiError ? refused('the pods cannot be listed', error) : error;
  });
  const glob = parseGlob(options.name);
  const found = items.filter((pod) => packedTrials(pod, glob)?.length !== 0);
  if (found.length === 0) {
    const all = await listJobs(cluster, context.signal);
    const waiting = trialsMatching(all, glob);
    // Of a trial that runs again, the log of its last attempt is here.
    const records = new DiskRecordStore(context.cwd, () => undefined);
    const known = waiting.map((each) => ({ ...each, record: records.readListed(each.name) }));
    if (waiting.length > 0 && known.every(({ record }) => record === undefined)) throw noPodYet(waiting);
    for (const { name, job, record } of known)
      if (record !== undefined) tellOlderRun(name, job, record, context);
    return { namespace: api.namespace, jobs: all.map((job) => job.metadata.name) };
  }
  const chosen = latestOfEach(found);
  const isTerminal = context.stdout.isTTY === true;
  let hasFailed = false;
  const print = async (pod: Pod): Promise<void> => {
    const { name } = pod.metadata;
    const lines = new LogLines({
      prefix: chosen.length > 1 ? `[${name}] ` : '',
      neutralize: isTerminal && !options.raw,
    });
    let hasPrinted = false;
    try {
      const trials = packedTrials(pod, glob);
      const own = trials === undefined ? undefined : new PackedLines(trials);
      const request = {
        container: options.container ?? pod.spec?.containers?.[0]?.name,
        follow: options.follow,
        previous: options.previous,
        // The last lines of a trial need not be among the last of its pod.
        tailLines: own === undefined ? options.tail : undefined,
      };
      const last =
        own === undefined || options.tail === undefined || options.follow
          ? undefined
          : new LastLines(options.tail);
      for await (const chunk of readPodLog(api, name, request, context.signal)) {
        hasPrinted = true;
        const mine = own === undefined ? chunk : own.add(chunk);
        if (last === undefined) await write(lines.add(mine), context);
        else last.add(mine);
      }
      if (own !== undefined && last === undefined) await write(lines.add(own.end()), context);
      if (own !== undefined && last !== undefined) {
        last.add(own.end());
        await write(lines.add(last.end()), context);
      }
      await write(lines.end(), context);
      const { state, reason } = judgePod(pod);
      if (!hasPrinted && !options.follow && state === 'pending')
        context.stderr.write(
          `${name}: has printed nothing yet: it is pending${reason === undefined ? '' : ` (${reason})`}\n`,
        );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      hasFailed = true;
      context.stderr.write(`${name}: ${error.message}\n`);
    }
  };
  // One after the other unless they are followed: lines of many finished pods are easier to read in order.
  if (options.follow) await Promise.all(chosen.map(print));
  else for (const pod of chosen) await print(pod);
  return hasFailed ? ExitCode.refused : ExitCode.ok;
}

/** A trial on the cluster, and the Job that it runs in, perhaps with others. */
interface Waiting {
  readonly name: string;
  readonly job: Job;
}

/** Trials may be on the cluster without a pod: pending, suspended, or ended so long ago that the pod is gone. */
async function listJobs({ api, owner }: Cluster, signal: AbortSignal): Promise<readonly Job[]> {
  const { items } = await api.list(jobs, { labels: ownerSelector(owner) }, signal).catch((error) => {
    throw error instanceof ApiError ? refused('the Jobs cannot be listed', error) : error;
  });
  return items;
}

function trialsMatching(all: readonly Job[], glob: Glob): readonly Waiting[] {
  return all.flatMap((job) =>
    [job.metadata.name, ...(readPack(job.metadata.annotations) ?? []).map(({ name }) => name)]
      .filter((name) => glob.matches(name))
      .map((name) => ({ name, job })),
  );
}

/** The log that follows is not that of the Job: who reads it must not take its numbers for the cluster's. */
function tellOlderRun(name: string, job: Job, record: RunRecord, { stderr }: Context): void {
  const isLocal = record.executor === 'local';
  // The log that was kept of this very Job.
  if (!isLocal && (record.uid === job.metadata.uid || hasEnded(job))) return;
  const { state } = judgeJob(job, []).observation;
  const run = isLocal ? 'the run on this machine' : 'its run before';
  stderr.write(
    `${name}: its Job on the cluster is ${state} and has no log; this is ${run}, begun ${record.startedAt}\n`,
  );
}

function noPodYet([first, ...others]: readonly Waiting[]): DiagnosticError {
  const more = others.length === 0 ? '' : ` (and ${others.length} more of that name)`;
  const job = first?.job.metadata.name;
  const what = job === first?.name ? first?.name : `${job}, in which ${first?.name} runs,`;
  return new DiagnosticError(
    errorDiagnostic('KUBE_NO_LOG', `${what}${more} has no pod, and so no log`, {
      hint: 'make status says what it waits for',
    }),
    ExitCode.refused,
  );
}

function namesOf(pod: Pod): readonly string[] {
  const job = pod.metadata.labels?.['batch.kubernetes.io/job-name'];
  return job === undefined ? [pod.metadata.name] : [pod.metadata.name, job];
}

/** The trials asked for of a pod that runs several; `undefined` where the pod as a whole is asked for. */
function packedTrials(pod: Pod, glob: Glob): readonly string[] | undefined {
  if (namesOf(pod).some((name) => glob.matches(name))) return undefined;
  return (readPack(pod.metadata.annotations) ?? [])
    .map(({ name }) => name)
    .filter((name) => glob.matches(name));
}

/** Of the attempts of a trial, the last; of several nodes, each. */
function latestOfEach(found: readonly Pod[]): readonly Pod[] {
  const attempts = Map.groupBy(found, (pod) => {
    const job = pod.metadata.ownerReferences?.find(({ kind }) => kind === 'Job')?.uid;
    const node = pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'] ?? '';
    return job === undefined ? pod.metadata.uid : `${job} ${node}`;
  });
  return [...attempts.values()]
    .map((group) =>
      group.sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp)).at(-1),
    )
    .filter((pod) => pod !== undefined)
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }));
}

async function write(bytes: Uint8Array, context: Context): Promise<void> {
  if (bytes.length > 0 && !context.stdout.write(bytes))
    await once(context.stdout, 'drain', { signal: context.signal });
}

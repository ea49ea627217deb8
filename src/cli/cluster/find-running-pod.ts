import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { isApiError } from '../../executors/kubernetes/api-error.ts';
import { throwRefused } from '../../executors/kubernetes/namespace-api.ts';
import { events, jobs, type Pod, pods } from '../../executors/kubernetes/objects.ts';
import { ownerSelector } from '../../executors/kubernetes/owner.ts';
import { judgePod } from '../../executors/kubernetes/pod-state.ts';
import { jobOfPod } from '../../executors/kubernetes/pods-of-job.ts';
import { hasEnded } from '../../executors/kubernetes/slots.ts';
import { ExitCode } from '../../exit-code.ts';
import { parseGlob } from '../../glob.ts';
import { readPack } from '../../matrix/pack.ts';
import { describeWithoutPod, hintRunAgain } from './job-without-pod.ts';
import { trialsMatching } from './log-targets.ts';
import type { Cluster } from './open-cluster.ts';

/**
 * A pod to work in: there, and running.
 *
 * @param name of the pod, or of the trial that runs in it
 * @throws DiagnosticError KUBE_NO_POD, KUBE_POD_NOT_READY with why
 */
export async function findRunningPod(cluster: Cluster, name: string, signal: AbortSignal): Promise<Pod> {
  const { api } = cluster;
  const read = (pod: string) =>
    api.get(pods, pod, signal).catch((error) => throwRefused(`pod "${name}" cannot be read`, error));
  // A workload of run:ai gives its name to its pod, with two numbers.
  const pod = (await read(name)) ?? (await read(`${name}-0-0`)) ?? (await podOfTrial(cluster, name, signal));
  if (pod === undefined) throw await explainNoPod(cluster, name, signal);
  if (!isRunning(pod)) {
    const { state, reason } = judgePod(pod);
    const how =
      pod.metadata.deletionTimestamp === undefined
        ? pod.status?.phase === 'Succeeded'
          ? 'ended'
          : state
        : 'being deleted';
    throw new DiagnosticError(
      errorDiagnostic(
        'KUBE_POD_NOT_READY',
        `pod "${pod.metadata.name}" is not running: it is ${how}${reason === undefined ? '' : ` (${reason})`}`,
        {
          hint: how === 'pending' ? 'try again when it runs' : 'make pod creates another',
        },
      ),
      ExitCode.refused,
    );
  }
  return pod;
}

/** Without a right, less is said. */
function noneIfForbidden(error: unknown): { readonly items: readonly [] } {
  if (isApiError(error, 'Forbidden')) return { items: [] };
  throw error;
}

/** The name may be that of a trial whose Job waits, or has ended so long ago that its pod is gone. */
async function explainNoPod(
  { api, owner }: Cluster,
  name: string,
  signal: AbortSignal,
): Promise<DiagnosticError> {
  const { items } = await api.list(jobs, { labels: ownerSelector(owner) }, signal).catch(noneIfForbidden);
  const [found] = trialsMatching(items, parseGlob(name));
  if (found === undefined)
    return new DiagnosticError(
      errorDiagnostic('KUBE_NO_POD', `there is no pod "${name}" in namespace ${api.namespace}`, {
        hint: 'make pod creates one and says its name; make status shows the trials that run',
      }),
      ExitCode.refused,
    );
  const { job } = found;
  if (hasEnded(job))
    return new DiagnosticError(
      errorDiagnostic('KUBE_NO_POD', `the Job of "${name}" ${describeWithoutPod(job)}, and its pod is gone`, {
        hint: `${hintRunAgain(job)}; make pod creates a pod to work in`,
      }),
      ExitCode.refused,
    );
  const fields = `involvedObject.kind=Job,involvedObject.name=${job.metadata.name}`;
  const told = await api.list(events, { fields }, signal).catch(noneIfForbidden);
  return new DiagnosticError(
    errorDiagnostic(
      'KUBE_POD_NOT_READY',
      `the Job of "${name}" has no pod yet: it ${describeWithoutPod(job, told.items)}`,
      {
        hint: 'make status says what trials wait for; try again when it runs',
      },
    ),
    ExitCode.refused,
  );
}

/** Of several attempts one that runs, else the last; of several nodes the first. */
async function podOfTrial(
  { api, owner }: Cluster,
  name: string,
  signal: AbortSignal,
): Promise<Pod | undefined> {
  const { items } = await api
    .list(pods, { labels: ownerSelector(owner) }, signal)
    .catch((error) => throwRefused('the pods cannot be listed', error));
  return items
    .filter(
      (pod) =>
        jobOfPod(pod) === name || readPack(pod.metadata.annotations)?.some((trial) => trial.name === name),
    )
    .sort(
      (a, b) =>
        Number(isRunning(b)) - Number(isRunning(a)) ||
        nodeOf(a) - nodeOf(b) ||
        b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
    )[0];
}

function isRunning({ status, metadata }: Pod): boolean {
  return status?.phase === 'Running' && metadata.deletionTimestamp === undefined;
}

function nodeOf({ metadata }: Pod): number {
  return Number(metadata.annotations?.['batch.kubernetes.io/job-completion-index'] ?? 0);
}

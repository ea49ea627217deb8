import { annotationNames } from '../../render/owner-labels.ts';
import type { Observation } from '../executor.ts';
import type { Condition, Container, ContainerStatus, Event, Job, Pod } from './objects.ts';
import { describeUnschedulable } from './scheduler-reason.ts';

/** Finer than a trial's state, for tables: what a person would call it. */
export type Phase =
  | 'waiting'
  | 'suspended'
  | 'queued'
  | 'starting'
  | 'pulling'
  | 'image error'
  | 'config error'
  | 'crashing'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'out of memory'
  | 'evicted'
  | 'timeout'
  | 'deleting';

/** A Job with its pods, judged. */
export interface JobView {
  readonly observation: Observation;
  readonly phase: Phase;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly namespace: string;
  /** Deletion has been asked for; it is there only until its finalizers are done. */
  readonly isDeleting: boolean;
}

const podsGone = 'failed, and its pods are gone';
const podMissing = 'its pod is not created yet';

type Judgement = Omit<Observation, 'name' | 'fingerprint'> & { readonly phase: Phase };

/** Annotation of Jobs that wait for a slot of `max_parallel`. */
export const slotAnnotation = 'kube-toolbox/max-parallel';
const queueLabel = 'kueue.x-k8s.io/queue-name';

/**
 * What has become of a Job, from its own conditions, its pods and, where they are at hand, the events about
 * them. Pure; the facts are those of Kubernetes 1.36's job controller, scheduler and kubelet.
 *
 * @param pods the Job's pods, in any order; `undefined` where nobody has looked: then nothing is said of them
 */
export function judgeJob(
  job: Job,
  pods: readonly Pod[] | undefined = undefined,
  events: readonly Event[] = [],
): JobView {
  const { phase, reason, ...rest } = judge(job, pods ?? [], events);
  const isGuess = pods === undefined && (reason === podsGone || reason === podMissing);
  const judged = reason === undefined || isGuess ? rest : { ...rest, reason };
  const isDeleting = job.metadata.deletionTimestamp !== undefined;
  const fingerprint = readFingerprint(job);
  return {
    observation: {
      name: job.metadata.name,
      ...judged,
      ...(fingerprint === undefined ? {} : { fingerprint }),
      ...(isDeleting ? { reason: describeDeletion(job) } : {}),
    },
    phase: isDeleting ? 'deleting' : phase,
    uid: job.metadata.uid,
    resourceVersion: job.metadata.resourceVersion,
    namespace: job.metadata.namespace ?? '',
    isDeleting,
  };
}

/** The fingerprint a workload carries. Its parts are read when asked for: of 5,000 that are the same, never. */
function readFingerprint(object: { metadata: Job['metadata'] }): Observation['fingerprint'] | undefined {
  const hash = object.metadata.annotations?.[annotationNames.fingerprint];
  if (hash === undefined) return undefined;
  return {
    hash,
    get parts() {
      try {
        return JSON.parse(object.metadata.annotations?.[annotationNames.fingerprintParts] ?? '{}') as Record<
          string,
          string
        >;
      } catch {
        return {};
      }
    },
  };
}

function judge(job: Job, pods: readonly Pod[], events: readonly Event[]): Judgement {
  const failure = holds(job.status?.conditions, 'Failed') ?? holds(job.status?.conditions, 'FailureTarget');
  if (failure !== undefined) return judgeFailed(job, failure, pods);
  // A target is the controller's decision; only the pods' last seconds are still to come.
  const success =
    holds(job.status?.conditions, 'Complete') ?? holds(job.status?.conditions, 'SuccessCriteriaMet');
  if (success !== undefined)
    return { state: 'succeeded', phase: 'succeeded', exitCode: 0, ...times(job, pods, success) };
  if (job.spec?.suspend === true) return judgeSuspended(job);
  const live = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== 'Failed',
  );
  // Several nodes: the one that is furthest behind says why the whole does not run.
  const judged = live.map((pod) => judgePod(pod, events)).sort((a, b) => order(a.phase) - order(b.phase));
  const [worst] = judged;
  if (worst !== undefined) return withRetries(job, worst);
  if ((job.status?.ready ?? 0) > 0)
    return withRetries(job, { state: 'running', phase: 'running', ...times(job, pods) });
  const refusal = events.find(
    (event) => event.reason === 'FailedCreate' && event.involvedObject?.uid === job.metadata.uid,
  );
  if (refusal !== undefined)
    return {
      state: 'pending',
      phase: 'waiting',
      reason: `its pod is not created: ${describeRefusal(refusal.message ?? '')}`,
    };
  return withRetries(job, { state: 'pending', phase: 'waiting', reason: podMissing });
}

function judgeFailed(job: Job, failure: Condition, pods: readonly Pod[]): Judgement {
  const when = times(job, pods, failure);
  if (failure.reason === 'DeadlineExceeded')
    return { state: 'timeout', phase: 'timeout', reason: 'ran longer than its timeout', ...when };
  const ended = pods
    .filter((pod) => pod.status?.phase === 'Failed')
    .sort((a, b) => endOf(a).localeCompare(endOf(b)))
    .at(-1);
  const indexes = job.status?.failedIndexes;
  const prefix = indexes === undefined || indexes === '' ? '' : `node ${indexes}: `;
  if (ended === undefined)
    return { state: 'failed', phase: 'failed', reason: `${prefix}${describeJobFailure(failure)}`, ...when };
  return { state: 'failed', ...describePodFailure(ended, prefix, job), ...when };
}

function describePodFailure(
  pod: Pod,
  prefix: string,
  job: Job,
): Pick<Judgement, 'phase' | 'reason' | 'exitCode'> {
  const attempts = job.status?.failed ?? 1;
  const times = attempts > 1 ? `, at the last of ${attempts} attempts` : '';
  const { reason, message } = pod.status ?? {};
  const terminated = failedContainer(pod)?.state?.terminated;
  const exitCode = terminated === undefined ? {} : { exitCode: terminated.exitCode };
  if (
    reason === 'Evicted' ||
    reason === 'Preempting' ||
    reason === 'NodeLost' ||
    reason === 'Terminated' ||
    reason === 'NodeShutdown'
  )
    return { phase: 'evicted', reason: `${prefix}${describeEviction(reason, message)}${times}`, ...exitCode };
  const disruption = holds(pod.status?.conditions, 'DisruptionTarget');
  if (terminated?.reason === 'OOMKilled')
    return { phase: 'out of memory', reason: `${prefix}out of memory${limitOf(pod)}${times}`, ...exitCode };
  if (disruption !== undefined)
    return {
      phase: 'evicted',
      reason: `${prefix}${describeEviction(disruption.reason, disruption.message)}${times}`,
      ...exitCode,
    };
  if (terminated === undefined)
    return { phase: 'failed', reason: `${prefix}${message ?? reason ?? 'its pod failed'}${times}` };
  const signal = terminated.exitCode > 128 ? signalName(terminated.exitCode - 128) : undefined;
  const what =
    signal === undefined
      ? `exit code ${terminated.exitCode}`
      : `exit code ${terminated.exitCode} (${signal})`;
  const known =
    terminated.reason === 'Error' || terminated.reason === undefined ? '' : `, ${terminated.reason}`;
  const note =
    terminated.reason === 'Error'
      ? ''
      : terminated.message === undefined
        ? ''
        : `: ${oneLine(terminated.message)}`;
  return { phase: 'failed', reason: `${prefix}${what}${known}${note}${times}`, ...exitCode };
}

/** Whose end ended the pod: a failed container of the main ones, else of those before them. */
function failedContainer(pod: Pod): ContainerStatus | undefined {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return (
    all.find((status) => status.state?.terminated?.reason === 'OOMKilled') ??
    all.find((status) => (status.state?.terminated?.exitCode ?? 0) !== 0) ??
    all.find((status) => status.state?.terminated !== undefined)
  );
}

function judgeSuspended(job: Job): Judgement {
  const queue = job.metadata.labels?.[queueLabel];
  const slots = job.metadata.annotations?.[slotAnnotation];
  if (queue !== undefined)
    return { state: 'suspended', phase: 'suspended', reason: `waiting for quota in the queue "${queue}"` };
  if (slots !== undefined)
    return {
      state: 'suspended',
      phase: 'suspended',
      reason: `waiting for one of ${slots} slots (max_parallel)`,
    };
  return {
    state: 'suspended',
    phase: 'suspended',
    reason: 'suspended by hand; spec.suspend=false starts it',
  };
}

/** One pod that has not failed. */
export function judgePod(pod: Pod, events: readonly Event[] = []): Judgement {
  const { status } = pod;
  if (status?.phase === 'Succeeded')
    return {
      state: 'running',
      phase: 'running',
      reason: 'ended, the Job is about to notice',
      ...podTimes(pod),
    };
  if (status?.phase === 'Failed')
    return { state: 'failed', ...describePodFailure(pod, '', { metadata: pod.metadata }), ...podTimes(pod) };
  const scheduled = status?.conditions?.find((each) => each.type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    if (scheduled.reason === 'SchedulingGated')
      return { state: 'pending', phase: 'queued', reason: 'held back by a scheduling gate' };
    return { state: 'pending', phase: 'queued', reason: describeUnschedulable(scheduled.message ?? '', pod) };
  }
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const trouble = statuses.map((each) => judgeWaiting(pod, each)).find((each) => each !== undefined);
  if (trouble !== undefined) return trouble;
  const main =
    status?.containerStatuses?.find((each) => each.name === pod.spec?.containers?.[0]?.name) ??
    status?.containerStatuses?.[0];
  if (main?.state?.running !== undefined) return { state: 'running', phase: 'running', ...podTimes(pod) };
  if (main?.state?.terminated !== undefined)
    return {
      state: 'running',
      phase: 'running',
      reason: 'its command has ended, side containers have not',
      ...podTimes(pod),
    };
  if (pod.spec?.nodeName === undefined)
    return { state: 'pending', phase: 'queued', reason: 'waiting for the scheduler' };
  return judgeStarting(pod, events);
}

function judgeWaiting(pod: Pod, status: ContainerStatus): Judgement | undefined {
  const waiting = status.state?.waiting;
  const reason = waiting?.reason ?? '';
  const image = containerOf(pod, status.name)?.image ?? '';
  const whose = status.name === pod.spec?.containers?.[0]?.name ? '' : ` of the container "${status.name}"`;
  const message = waiting?.message === undefined ? '' : oneLine(waiting.message);
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'RegistryUnavailable':
    case 'ImageInspectError':
      return {
        state: 'pending',
        phase: 'image error',
        reason: `the image ${image}${whose} cannot be pulled: ${explainPull(message)}`,
      };
    case 'InvalidImageName':
      return {
        state: 'pending',
        phase: 'image error',
        reason: `"${image}"${whose} is not the name of an image`,
      };
    case 'ErrImageNeverPull':
      return {
        state: 'pending',
        phase: 'image error',
        reason: `the image ${image}${whose} is not on the node, and may not be pulled`,
      };
    case 'CreateContainerConfigError':
    case 'CreateContainerError':
    case 'RunContainerError':
    case 'StartError':
      return {
        state: 'pending',
        phase: 'config error',
        reason: `the container ${whose === '' ? '' : `"${status.name}" `}cannot be started: ${message || reason}`,
      };
    case 'CrashLoopBackOff': {
      const code = status.lastState?.terminated?.exitCode;
      return {
        state: 'pending',
        phase: 'crashing',
        reason: `"${status.name}" keeps ending${code === undefined ? '' : ` with exit code ${code}`} and is started again`,
      };
    }
    default:
      return undefined;
  }
}

/** The container is being made: events tell what takes the time. */
function judgeStarting(pod: Pod, events: readonly Event[]): Judgement {
  const about = events.filter((event) => event.involvedObject?.uid === pod.metadata.uid);
  const mount = about.findLast(
    (event) => event.reason === 'FailedMount' || event.reason === 'FailedAttachVolume',
  );
  if (mount !== undefined)
    return {
      state: 'pending',
      phase: 'config error',
      reason: `a volume cannot be mounted: ${oneLine(mount.message ?? '')}`,
    };
  const node = pod.spec?.nodeName === undefined ? '' : ` on ${pod.spec.nodeName}`;
  const isPulling =
    about.some((event) => event.reason === 'Pulling') && !about.some((event) => event.reason === 'Pulled');
  if (isPulling) return { state: 'pending', phase: 'pulling', reason: `the image is being pulled${node}` };
  return { state: 'pending', phase: 'starting', reason: `the container is being made${node}` };
}

function explainPull(message: string): string {
  // What containerd says of a private image without a pull secret, and of one that is not there: a registry does not
  // tell one from the other.
  if (/pull access denied|may require authorization/i.test(message))
    return 'there is no such image, or it is private; check its name and image_pull_secrets';
  if (/not found|manifest unknown|does not exist/i.test(message)) return 'there is no such image or tag';
  if (/unauthorized|denied|forbidden|authentication|no basic auth/i.test(message))
    return 'the registry refuses access; check image_pull_secrets';
  return message === '' ? 'the registry gave no reason' : message;
}

function describeJobFailure(failure: Condition): string {
  if (failure.reason === 'BackoffLimitExceeded') return podsGone;
  return oneLine(failure.message ?? failure.reason ?? 'failed');
}

function describeEviction(reason: string | undefined, message: string | undefined): string {
  if (reason === 'Evicted' || reason === 'TerminationByKubelet')
    return `evicted: ${oneLine(message ?? 'the node gave no reason').replace(/\.$/, '')}`;
  if (reason === 'PreemptionByScheduler' || reason === 'Preempting')
    return 'evicted: a pod of higher priority took its place';
  if (reason === 'EvictionByEvictionAPI') return 'evicted: the node was drained';
  return `evicted: ${oneLine(message ?? 'its node went away').replace(/\.$/, '')}`;
}

function describeRefusal(message: string): string {
  const [, name, ...lists] =
    /exceeded quota: ([^,]+), requested: (.+?), used: (.+?), limited: (\S+)/.exec(message) ?? [];
  if (name === undefined) return oneLine(message);
  // Each list is `resource=amount,…`, of the same resources in the same order.
  const [requested = [], used = [], limited = []] = lists.map((list) =>
    list.split(',').map((pair) => pair.split('=')),
  );
  const parts = requested.map(
    ([resource, amount], index) =>
      `${resource}: ${used[index]?.[1]} of ${limited[index]?.[1]} used, ${amount} wanted`,
  );
  return oneLine(`the quota "${name}" is used up (${parts.join('; ')})`);
}

function describeDeletion(job: Job): string {
  const held = (job.metadata.finalizers ?? []).filter(
    (each) => each !== 'foregroundDeletion' && each !== 'orphan',
  );
  return held.length === 0
    ? 'being deleted'
    : `being deleted, held by the finalizer ${held.map((each) => `"${each}"`).join(', ')}`;
}

/** Side containers and those that prepare the pod are init containers. */
function containerOf(pod: Pod, name: string): Container | undefined {
  return [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find(
    (each) => each.name === name,
  );
}

function limitOf(pod: Pod): string {
  const name = failedContainer(pod)?.name;
  const limit = containerOf(pod, name ?? '')?.resources?.limits?.['memory'];
  return limit === undefined ? '' : ` (limit ${limit})`;
}

function withRetries(job: Job, judged: Judgement): Judgement {
  const failed = job.status?.failed ?? 0;
  if (failed === 0) return judged;
  const again = `attempt ${failed + 1}`;
  return { ...judged, reason: judged.reason === undefined ? again : `${again}: ${judged.reason}` };
}

function times(job: Job, pods: readonly Pod[], end?: Condition): Pick<Judgement, 'startedAt' | 'endedAt'> {
  const started =
    pods
      .map((pod) => podTimes(pod).startedAt)
      .filter((each) => each !== undefined)
      .sort()[0] ?? job.status?.startTime;
  const ended = job.status?.completionTime ?? end?.lastTransitionTime;
  return {
    ...(started === undefined ? {} : { startedAt: started }),
    ...(end === undefined || ended === undefined ? {} : { endedAt: ended }),
  };
}

function podTimes(pod: Pod): { readonly startedAt?: string } {
  const state = pod.status?.containerStatuses?.[0]?.state;
  const startedAt = state?.running?.startedAt ?? state?.terminated?.startedAt;
  return startedAt === undefined || startedAt === null ? {} : { startedAt };
}

function endOf(pod: Pod): string {
  return failedContainer(pod)?.state?.terminated?.finishedAt ?? pod.metadata.creationTimestamp;
}

function holds(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((each) => each.type === type && each.status === 'True');
}

function order(phase: Phase): number {
  const phases: readonly Phase[] = [
    'image error',
    'config error',
    'crashing',
    'queued',
    'waiting',
    'pulling',
    'starting',
    'running',
  ];
  const index = phases.indexOf(phase);
  return index === -1 ? phases.length : index;
}

function signalName(number: number): string | undefined {
  const names: Readonly<Record<number, string>> = {
    1: 'SIGHUP',
    2: 'SIGINT',
    3: 'SIGQUIT',
    4: 'SIGILL',
    6: 'SIGABRT',
    7: 'SIGBUS',
    8: 'SIGFPE',
    9: 'SIGKILL',
    11: 'SIGSEGV',
    13: 'SIGPIPE',
    15: 'SIGTERM',
  };
  return names[number];
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}

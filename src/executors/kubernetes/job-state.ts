import { annotationNames } from '../../render/owner-labels.ts';
import type { Observation } from '../executor.ts';
import { hintOfForbidden } from './api-error.ts';
import type { Condition, Event, Job, Pod } from './objects.ts';
import { holds, type Judgement, oneLine, type Phase } from './phase.ts';
import { describePodFailure, endOf } from './pod-failure.ts';
import { judgePod, order, podTimes } from './pod-state.ts';

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

export const slotAnnotation = 'kube-toolbox/max-parallel';
/** Of a Job that Kueue starts and suspends, by the quota of this queue. */
export const queueLabel = 'kueue.x-k8s.io/queue-name';

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
  // Servers before 1.24 do not count those that are ready.
  if ((job.status?.ready ?? job.status?.active ?? 0) > 0)
    return withRetries(job, { state: 'running', phase: 'running', ...times(job, pods) });
  const refusal = events.findLast(
    (event) => event.reason === 'FailedCreate' && event.involvedObject?.uid === job.metadata.uid,
  );
  if (refusal !== undefined)
    return {
      state: 'pending',
      phase: 'waiting',
      reason: `its pod is not created: ${describeRefusal(refusal.message ?? '')}`,
    };
  const leaving = pods.find(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const reason = leaving === undefined ? podMissing : describeLeaving(leaving);
  return withRetries(job, { state: 'pending', phase: 'waiting', reason });
}

/** A pod that is being deleted has no other in its place until it is gone, and that of a dead node stays. */
function describeLeaving({ spec, status }: Pod): string {
  const node = spec?.nodeName === undefined ? '' : ` on ${spec.nodeName}`;
  const disruption = holds(status?.conditions, 'DisruptionTarget');
  const why =
    disruption?.reason === 'DeletionByTaintManager'
      ? ' (the node does not answer, or was tainted)'
      : disruption === undefined
        ? ''
        : ` (${oneLine(disruption.message ?? disruption.reason ?? '')})`;
  return `its pod is being deleted${node}${why}; another follows when it is gone`;
}

function hasRun(pods: readonly Pod[]): boolean {
  return pods.length === 0 || pods.some((pod) => podTimes(pod).startedAt !== undefined);
}

function judgeFailed(job: Job, failure: Condition, pods: readonly Pod[]): Judgement {
  const when = times(job, pods, failure);
  if (failure.reason === 'DeadlineExceeded')
    return {
      state: 'timeout',
      phase: 'timeout',
      reason: `did not end within its timeout${hasRun(pods) ? '' : ', all of which it waited'}`,
      ...when,
    };
  const ended = pods
    .filter((pod) => pod.status?.phase === 'Failed')
    .sort((a, b) => endOf(a).localeCompare(endOf(b)))
    .at(-1);
  // The Job counts indexes that failed only where each has retries of its own.
  const indexes =
    job.status?.failedIndexes ||
    (job.spec?.completionMode === 'Indexed'
      ? ended?.metadata.annotations?.['batch.kubernetes.io/job-completion-index']
      : undefined);
  const prefix = indexes === undefined || indexes === '' ? '' : `node ${indexes}: `;
  if (ended === undefined)
    return { state: 'failed', phase: 'failed', reason: `${prefix}${describeJobFailure(failure)}`, ...when };
  return { state: 'failed', ...describePodFailure(ended, prefix, job), ...when };
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

function describeJobFailure(failure: Condition): string {
  if (failure.reason === 'BackoffLimitExceeded') return podsGone;
  return oneLine(failure.message ?? failure.reason ?? 'failed');
}

function describeRefusal(message: string): string {
  const [, name, ...lists] =
    /exceeded quota: ([^,]+), requested: (.+?), used: (.+?), limited: (\S+)/.exec(message) ?? [];
  if (name === undefined) {
    const words = message.replace(/^Error creating: (?:pods "[^"]*" is forbidden: )?/, '');
    const hint = hintOfForbidden(words);
    return hint === undefined ? oneLine(words) : `${hint} (${oneLine(words)})`;
  }
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

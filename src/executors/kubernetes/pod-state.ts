import { causeOf, explainPull, explainStart } from './container-trouble.ts';
import { type ContainerStatus, containerOf, type Event, type Pod } from './objects.ts';
import type { Judgement, Phase } from './phase.ts';
import { describePodFailure } from './pod-failure.ts';
import { describeUnschedulable } from './scheduler-reason.ts';

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
  const about = events.filter((event) => event.involvedObject?.uid === pod.metadata.uid);
  const trouble = statuses.map((each) => judgeWaiting(pod, each, about)).find((each) => each !== undefined);
  const main =
    status?.containerStatuses?.find((each) => each.name === pod.spec?.containers?.[0]?.name) ??
    status?.containerStatuses?.[0];
  // A side container may be in trouble beside a command that runs.
  if (main?.state?.running !== undefined)
    return {
      state: 'running',
      phase: 'running',
      ...(trouble?.reason !== undefined && { reason: trouble.reason }),
      ...podTimes(pod),
    };
  if (trouble !== undefined) return trouble;
  if (main?.state?.terminated !== undefined)
    return {
      state: 'running',
      phase: 'running',
      reason: 'its command has ended, side containers have not',
      ...podTimes(pod),
    };
  if (pod.spec?.nodeName === undefined)
    return { state: 'pending', phase: 'queued', reason: 'waiting for the scheduler' };
  return judgeStarting(pod, about);
}

/** Which of several pods is furthest behind: the least. */
export function order(phase: Phase): number {
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

export function podTimes(pod: Pod): { readonly startedAt?: string } {
  const state = pod.status?.containerStatuses?.[0]?.state;
  const startedAt = state?.running?.startedAt ?? state?.terminated?.startedAt;
  return startedAt === undefined || startedAt === null ? {} : { startedAt };
}

/** @param about the pod's events, oldest first */
function judgeWaiting(pod: Pod, status: ContainerStatus, about: readonly Event[]): Judgement | undefined {
  const waiting = status.state?.waiting;
  const reason = waiting?.reason ?? '';
  const image = containerOf(pod, status.name)?.image ?? '';
  const whose = status.name === pod.spec?.containers?.[0]?.name ? '' : ` of the container "${status.name}"`;
  const message = waiting?.message ?? '';
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'RegistryUnavailable':
    case 'ImageInspectError':
      return {
        state: 'pending',
        phase: 'image error',
        reason: `the image ${image}${whose} cannot be pulled: ${explainPull(pullMessage(message, about))}`,
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
        reason: `the container ${whose === '' ? '' : `"${status.name}" `}cannot be started: ${message === '' ? reason : explainStart(message, image)}`,
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

/** While a node waits before it tries again, older ones say no more than that. */
function pullMessage(message: string, about: readonly Event[]): string {
  if (!/^Back-off pulling image "[^"]*"$/.test(message)) return message;
  const failed = about.findLast((event) => event.message?.startsWith('Failed to pull image'));
  return failed?.message ?? message;
}

/** @param about the pod's events, oldest first */
function judgeStarting(pod: Pod, about: readonly Event[]): Judgement {
  const newest = about.at(-1);
  // What a node has got over (`failed to sync configmap cache` at first) is no trouble any more.
  if (newest !== undefined && isMountTrouble(newest))
    return {
      state: 'pending',
      phase: 'config error',
      reason: `a volume cannot be mounted: ${causeOf(newest.message ?? '')}`,
    };
  const node = pod.spec?.nodeName === undefined ? '' : ` on ${pod.spec.nodeName}`;
  // The image of an init container may have been pulled before.
  const image = about.findLast(({ reason }) => reason === 'Pulling' || reason === 'Pulled');
  if (image?.reason === 'Pulling')
    return { state: 'pending', phase: 'pulling', reason: `the image is being pulled${node}` };
  // A network or a sandbox that cannot be set up is told by an event alone.
  const warning = about.findLast((event) => isStartTrouble(event));
  const trouble =
    warning === undefined ? '' : `, and it fails: ${causeOf(withoutNames(warning.message ?? '', pod))}`;
  return { state: 'pending', phase: 'starting', reason: `the container is being made${node}${trouble}` };
}

/** Others warn of what a pod starts with all the same, as `DNSConfigForming` of a name server too many. */
function isStartTrouble(event: Event): boolean {
  const { type, reason = '' } = event;
  return (
    type === 'Warning' &&
    /^(?:Failed|NetworkNotReady|NodeNotReady)/.test(reason) &&
    !/^(?:FailedScheduling|FailedToRetrieveImagePullSecret)$/.test(reason) &&
    !isMountTrouble(event)
  );
}

/** What is each pod's own: without it, the same trouble of many pods is one. */
function withoutNames(message: string, { metadata: { name, uid } }: Pod): string {
  return message
    .replaceAll(`"${name}"`, 'the pod')
    .replaceAll(name, 'the pod')
    .replaceAll(uid, '…')
    .replace(/\b[0-9a-f]{64}\b/g, '…');
}

function isMountTrouble({ reason }: Event): boolean {
  return reason === 'FailedMount' || reason === 'FailedAttachVolume';
}

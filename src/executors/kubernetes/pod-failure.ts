import { readPackCodes } from '../../matrix/pack-codes.ts';
import { explainStart } from './container-trouble.ts';
import { type ContainerStatus, containerOf, type Job, type Pod } from './objects.ts';
import { holds, type Judgement, oneLine } from './phase.ts';

/** Why a pod has failed: the exit code, memory, an eviction. */
export function describePodFailure(
  pod: Pod,
  prefix: string,
  job: Job,
): Pick<Judgement, 'phase' | 'reason' | 'exitCode'> {
  const attempts = job.status?.failed ?? 1;
  const times = attempts > 1 ? `, at the last of ${attempts} attempts` : '';
  const { reason, message } = pod.status ?? {};
  const container = failedContainer(pod);
  const terminated = container?.state?.terminated;
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
  const whose = describeContainer(pod, container?.name);
  if (
    terminated.message !== undefined &&
    /^(?:StartError|ContainerCannotRun)$/.test(terminated.reason ?? '')
  ) {
    const image = containerOf(pod, container?.name ?? '')?.image ?? '';
    const why = explainStart(terminated.message, image);
    return { phase: 'failed', reason: `${prefix}it could not be started: ${why}${times}`, ...exitCode };
  }
  const known =
    terminated.reason === 'Error' || terminated.reason === undefined ? '' : `, ${terminated.reason}`;
  const note = describeLastWords(terminated.message);
  return { phase: 'failed', reason: `${prefix}${what}${whose}${known}${note}${times}`, ...exitCode };
}

/**
 * What a container has left in its termination log, as our startup script does. Where a template has the node put the
 * end of the log there, its last line; the codes that a pack leaves are for the toolbox.
 */
function describeLastWords(message = ''): string {
  const last = message.trimEnd().split('\n').at(-1) ?? '';
  return last === '' || readPackCodes(message) !== undefined ? '' : `: ${oneLine(last)}`;
}

/** Whose exit code it is, where that is not the command's own. */
function describeContainer(pod: Pod, name: string | undefined): string {
  if (name === undefined || name === pod.spec?.containers?.[0]?.name) return '';
  const isBefore = pod.spec?.initContainers?.some(
    (each) => each.name === name && each.restartPolicy !== 'Always',
  );
  return ` of the container "${name}"${isBefore === true ? ', before the command began' : ''}`;
}

export function endOf(pod: Pod): string {
  return failedContainer(pod)?.state?.terminated?.finishedAt ?? pod.metadata.creationTimestamp;
}

function failedContainer(pod: Pod): ContainerStatus | undefined {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return (
    all.find((status) => status.state?.terminated?.reason === 'OOMKilled') ??
    all.find((status) => (status.state?.terminated?.exitCode ?? 0) !== 0) ??
    all.find((status) => status.state?.terminated !== undefined)
  );
}

function describeEviction(reason: string | undefined, message: string | undefined): string {
  if (reason === 'Evicted' || reason === 'TerminationByKubelet')
    return `evicted: ${oneLine(message ?? 'the node gave no reason').replace(/\.$/, '')}`;
  if (reason === 'PreemptionByScheduler' || reason === 'Preempting')
    return 'evicted: a pod of higher priority took its place';
  if (reason === 'EvictionByEvictionAPI') return 'evicted: the node was drained';
  return `evicted: ${oneLine(message ?? 'its node went away').replace(/\.$/, '')}`;
}

function limitOf(pod: Pod): string {
  const name = failedContainer(pod)?.name;
  const limit = containerOf(pod, name ?? '')?.resources?.limits?.['memory'];
  return limit === undefined ? '' : ` (limit ${limit})`;
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

import { hasFailed } from '../../matrix/decide.ts';
import type { PackedTrial } from '../../matrix/pack.ts';
import { readPack } from '../../matrix/pack.ts';
import { type PackCodes, readPackCodes } from '../../matrix/pack-codes.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { JobView } from './job-state.ts';
import type { Job, Pod } from './objects.ts';

/**
 * How the trials of a packed Job stand: by the exit codes that its newest pod has told, and those that have none,
 * as the Job does. Empty for a Job that is no pack.
 *
 * @param told what the log of a pod that runs says, by the pod's UID
 * @param recall what is recorded of a trial: that counts where no pod is left to tell
 */
export function judgePackedTrials(
  job: Job,
  view: JobView,
  pods: readonly Pod[],
  told: ReadonlyMap<string, PackCodes> = new Map(),
  recall: (name: string) => RunRecord | undefined = () => undefined,
): readonly JobView[] {
  const trials = readPack(job.metadata.annotations);
  if (trials === undefined) return [];
  if (pods.length === 0 && hasFailed(view.observation.state))
    return trials.map((trial) => recallTrial(trial, recall(trial.name), job, view));
  const codes = codesOf(job, view, pods, told);
  return trials.map((trial, index) => judgeTrial(trial, codes?.[index] ?? undefined, view));
}

/** The pod of a pack whose log tells more than its status: the newest, while it runs. */
export function packPodToAsk(job: Job, pods: readonly Pod[]): Pod | undefined {
  if (readPack(job.metadata.annotations) === undefined) return undefined;
  const pod = newest(pods);
  return mainState(pod)?.running === undefined ? undefined : pod;
}

/** Oldest first; within a second, a pack before the Jobs that trials of it got when they ran again. */
export function byAge({ metadata: a }: Job, { metadata: b }: Job): number {
  return (
    a.creationTimestamp.localeCompare(b.creationTimestamp) ||
    Number(readPack(b.annotations) !== undefined) - Number(readPack(a.annotations) !== undefined)
  );
}

/**
 * Of each of these trials the Job that counts: the newest of its name, or that it is packed into.
 *
 * @returns trial → UID of its Job; trials without one are left out
 */
export function latestJobs(all: readonly Job[], names: ReadonlySet<string>): ReadonlyMap<string, string> {
  const latest = new Map<string, Job>();
  for (const job of all)
    for (const name of [
      job.metadata.name,
      ...(readPack(job.metadata.annotations) ?? []).map((each) => each.name),
    ]) {
      if (!names.has(name)) continue;
      const known = latest.get(name);
      if (known === undefined || byAge(known, job) < 0) latest.set(name, job);
    }
  return new Map([...latest].map(([name, job]) => [name, job.metadata.uid]));
}

function recallTrial(trial: PackedTrial, known: RunRecord | undefined, job: Job, view: JobView): JobView {
  if (known?.uid !== job.metadata.uid || (known.state !== 'succeeded' && known.state !== 'failed'))
    return judgeTrial(trial, undefined, view);
  const { name, fingerprint } = trial;
  const { state, startedAt, endedAt, exitCode, reason } = known;
  const observation = {
    name,
    fingerprint,
    state,
    startedAt,
    ...(endedAt !== undefined && { endedAt }),
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
  };
  return { ...view, phase: state, observation };
}

function judgeTrial({ name, fingerprint }: PackedTrial, code: number | undefined, view: JobView): JobView {
  const { exitCode: _, reason, ...of } = view.observation;
  const pack = view.observation.name;
  if (code === undefined) {
    const why = reason === undefined ? `in ${pack}` : `in ${pack}: ${reason}`;
    return { ...view, observation: { ...of, name, fingerprint, reason: why } };
  }
  const state = code === 0 ? 'succeeded' : 'failed';
  const said = code === 0 ? {} : { reason: `exit code ${code}, in ${pack}` };
  return { ...view, phase: state, observation: { ...of, name, fingerprint, state, exitCode: code, ...said } };
}

function codesOf(
  job: Job,
  view: JobView,
  pods: readonly Pod[],
  told: ReadonlyMap<string, PackCodes>,
): PackCodes | undefined {
  const pod = newest(pods);
  if (pod === undefined) return undefined;
  const { state } = view.observation;
  const codes = told.get(pod.metadata.uid) ?? readPackCodes(mainState(pod)?.terminated?.message);
  if (codes === undefined || state === 'succeeded' || hasFailed(state)) return codes;
  // A pod that fails is followed by another as long as there are retries, in which all trials run again.
  const isLast = (job.status?.failed ?? 0) >= (job.spec?.backoffLimit ?? 0);
  return isLast || codes.every((code) => code === 0 || code === null) ? codes : undefined;
}

function newest(pods: readonly Pod[]): Pod | undefined {
  return pods
    .toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .at(-1);
}

function mainState(pod: Pod | undefined) {
  return pod?.status?.containerStatuses?.find(({ name }) => name === 'main')?.state;
}

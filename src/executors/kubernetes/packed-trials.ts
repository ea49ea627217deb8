import type { PackedTrial } from '../../matrix/pack.ts';
import { readPack } from '../../matrix/pack.ts';
import type { JobView } from './job-state.ts';
import type { Job, Pod } from './objects.ts';

/**
 * How the trials of a packed Job stand: by the exit codes that its pod left, and before or without them, as the
 * Job does. Empty for a Job that is no pack.
 */
export function judgePackedTrials(job: Job, view: JobView, pods: readonly Pod[]): readonly JobView[] {
  const trials = readPack(job.metadata.annotations);
  if (trials === undefined) return [];
  const codes = exitCodes(pods);
  return trials.map((trial, index) => judgeTrial(trial, codes?.[index], view));
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
      if (known === undefined || known.metadata.creationTimestamp < job.metadata.creationTimestamp)
        latest.set(name, job);
    }
  return new Map([...latest].map(([name, job]) => [name, job.metadata.uid]));
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

/** The last words of the newest pod that has ended: one exit code a trial. */
function exitCodes(pods: readonly Pod[]): readonly number[] | undefined {
  const ended = pods.toSorted((a, b) =>
    b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
  );
  for (const pod of ended) {
    const main = pod.status?.containerStatuses?.find(({ name }) => name === 'main');
    const message = main?.state?.terminated?.message;
    if (message === undefined) continue;
    if (/^\[\d{1,3}(,\d{1,3})*\]$/.test(message)) return JSON.parse(message) as readonly number[];
  }
  return undefined;
}

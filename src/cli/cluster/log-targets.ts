import type { Job, Pod } from '../../executors/kubernetes/objects.ts';
import { jobOfPod } from '../../executors/kubernetes/pods-of-job.ts';
import type { Glob } from '../../glob.ts';
import { readPack } from '../../matrix/pack.ts';

/** A trial on the cluster, and the Job that it runs in, perhaps with others. */
export interface TrialInJob {
  readonly name: string;
  readonly job: Job;
}

export function trialsMatching(all: readonly Job[], glob: Glob): readonly TrialInJob[] {
  return all.flatMap((job) =>
    [job.metadata.name, ...(readPack(job.metadata.annotations) ?? []).map(({ name }) => name)]
      .filter((name) => glob.matches(name))
      .map((name) => ({ name, job })),
  );
}

export function isAskedFor(pod: Pod, glob: Glob): boolean {
  return packedTrials(pod, glob)?.length !== 0;
}

/** The trials asked for of a pod that runs several; `undefined` where the pod as a whole is asked for. */
export function packedTrials(pod: Pod, glob: Glob): readonly string[] | undefined {
  const job = jobOfPod(pod);
  if (glob.matches(pod.metadata.name) || (job !== undefined && glob.matches(job))) return undefined;
  return (readPack(pod.metadata.annotations) ?? [])
    .map(({ name }) => name)
    .filter((name) => glob.matches(name));
}

/** Of the attempts of a trial, the last; of several nodes, each. */
export function latestOfEach(found: readonly Pod[]): readonly Pod[] {
  return attemptsOfEach(found)
    .map((attempts) => attempts.at(-1))
    .filter((pod) => pod !== undefined)
    .sort(byName);
}

/** The attempts of each trial, oldest first; of several nodes, those of each. */
export function attemptsOfEach(found: readonly Pod[]): readonly (readonly Pod[])[] {
  const groups = Map.groupBy(found, (pod) => {
    const job = jobOfPod(pod);
    const node = pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'] ?? '';
    return job === undefined ? pod.metadata.uid : `${job} ${node}`;
  });
  return [...groups.values()].map((group) => {
    const byAge = group.toSorted((a, b) =>
      a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp),
    );
    // The pod of a Job of that name that was replaced may still be ending.
    const [newest] = byAge.slice(-1).map(jobUidOf);
    return byAge.filter((pod) => jobUidOf(pod) === newest);
  });
}

export function byName(a: Pod, b: Pod): number {
  return a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true });
}

export function jobUidOf(pod: Pod): string | undefined {
  return pod.metadata.ownerReferences?.find(({ kind }) => kind === 'Job')?.uid;
}

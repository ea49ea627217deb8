import type { JobSpec } from '../../matrix/job-spec.ts';
import type { Observation } from '../executor.ts';
import type { KubernetesExecutor } from './kubernetes-executor.ts';
import { NeededObjects } from './needed-objects.ts';
import type { Job, PodSpec } from './objects.ts';
import { OldSecrets } from './old-secrets.ts';
import { needsOf } from './pod-needs.ts';

/** What is to be seen to for Jobs of which no pod runs yet: that what they need is there, and is not out of date. */
export class WaitingJobs {
  readonly #needed: NeededObjects;
  readonly #oldSecrets: OldSecrets;

  constructor(executor: KubernetesExecutor) {
    this.#needed = new NeededObjects(executor);
    this.#oldSecrets = new OldSecrets(executor);
  }

  addCreated(spec: JobSpec, pod: PodSpec | undefined): void {
    this.#needed.add(spec, needsOf(pod));
  }

  /** A Job that is left as it is. */
  addKept(spec: JobSpec, job: Job, state: Observation['state'] | undefined): void {
    // The listing shows no more than that: no room, an image being pulled, or a Secret that is not there.
    const isWaiting = hasNoPodReady(job);
    const hasNotBegun = state === 'pending' || state === 'suspended';
    if (!isWaiting && !hasNotBegun) return;
    const needs = needsOf(job.spec?.template?.spec);
    if (isWaiting) this.#needed.add(spec, needs);
    if (hasNotBegun) this.#oldSecrets.add(spec, needs);
  }

  /** Makes again what is missing. @see NeededObjects */
  restore(signal: AbortSignal): ReturnType<NeededObjects['restore']> {
    return this.#needed.restore(signal);
  }

  /** How many will get secrets as they were. @see OldSecrets */
  countOld(): number {
    return this.#oldSecrets.count();
  }
}

/** Whether a Job has pods of which none runs: whoever waits for its objects is among these. */
function hasNoPodReady({ status, metadata }: Job): boolean {
  return (status?.active ?? 0) > 0 && (status?.ready ?? 0) === 0 && metadata.deletionTimestamp === undefined;
}

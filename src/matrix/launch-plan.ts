import type { JobSpec } from './job-spec.ts';

/** The job specs of a matrix in its order, each made when it is asked for. */
export interface LaunchPlan {
  readonly length: number;
  /** @throws RangeError outside 0 … length − 1 */
  at(index: number): JobSpec;
  /** What each trial is called and runs, in order: without its fields and its hashes, which take most of the time. */
  commands(): Iterable<Pick<JobSpec, 'name' | 'command'>>;
  [Symbol.iterator](): Iterator<JobSpec>;
}

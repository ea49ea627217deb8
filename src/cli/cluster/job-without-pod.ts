import { judgeJob } from '../../executors/kubernetes/job-state.ts';
import type { Event, Job } from '../../executors/kubernetes/objects.ts';
import { hasEnded } from '../../executors/kubernetes/slots.ts';

/** How a Job that has no pod stands, to follow its name: `has succeeded`, `is suspended (waiting for …)`. */
export function describeWithoutPod(job: Job, events: readonly Event[] = []): string {
  const { state, reason } = judgeJob(job, undefined, events).observation;
  if (hasEnded(job)) return state === 'timeout' ? 'has run into its timeout' : `has ${state}`;
  return `is ${state}${reason === undefined ? '' : ` (${reason})`}`;
}

/** How the trial gets a pod again whose Job has ended. */
export function hintRunAgain(job: Job): string {
  return judgeJob(job).observation.state === 'succeeded'
    ? 'make job overwrite=true, with a where= for this trial, runs it again'
    : 'make job runs it again';
}

import { type Action, changedParts, decide, hasFailed, type Overwrite } from '../../matrix/decide.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { keepsState, type Only } from '../../matrix/select.ts';
import type { Observation } from '../executor.ts';
import { type JobView, judgeJob } from './job-state.ts';
import type { Job } from './objects.ts';
import type { OutcomeRecords } from './outcome-memory.ts';
import { countsWithoutJob } from './run-outcome.ts';
import { hasEnded } from './slots.ts';

export interface SeeingOptions {
  readonly records: OutcomeRecords;
  readonly overwrite?: Overwrite | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A trial's Job as it was found, and what is to be done about it. */
export interface SeenTrial {
  readonly job: Job | undefined;
  readonly view: JobView | undefined;
  readonly known: Pick<Observation, 'state' | 'reason' | 'fingerprint'> | undefined;
  readonly action: Action;
}

/** @param job `undefined` where there is none: then the trial is known by its record alone, if at all */
export function seeTrial(spec: JobSpec, job: Job | undefined, options: SeeingOptions): SeenTrial {
  const view = job === undefined ? undefined : judgeJob(job);
  const known = view?.observation ?? remembered(spec.name, options);
  const action: Action =
    view?.isDeleting === true ? { kind: 'replace', why: 'failed' } : decide(spec, known, options.overwrite);
  return { job, view, known, action };
}

/** A trial whose Job a TTL has removed. */
function remembered(name: string, { records, now }: SeeingOptions): SeenTrial['known'] {
  const record = records.readListed(name);
  if (!countsWithoutJob(record, now)) return undefined;
  return {
    state: record.state,
    reason: 'its Job is gone, its record says so',
    fingerprint: record.fingerprint,
  };
}

export function isAmong(only: Only, { fingerprint }: JobSpec, { known }: SeenTrial): boolean {
  return keepsState(only, known?.state ?? 'missing', changedParts(fingerprint, known?.fingerprint));
}

/** What is told of a trial before anything has come of it. */
export function stepOf({ name, fingerprint }: JobSpec, { view, known, action }: SeenTrial) {
  const isDeleting = view?.isDeleting === true;
  return {
    name,
    found: isDeleting ? 'deleting' : (known?.state ?? 'missing'),
    reason: known?.reason,
    isWaiting: false,
    changed: action.kind === 'replace' && !isDeleting ? changedParts(fingerprint, known?.fingerprint) : [],
    diagnostics: [],
  } as const;
}

/** It will have failed when its pods have ended. */
export function isFailing({ job, view }: SeenTrial): boolean {
  return (
    job !== undefined && view?.isDeleting === false && hasFailed(view.observation.state) && !hasEnded(job)
  );
}

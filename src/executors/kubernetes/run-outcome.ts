import { hostname } from 'node:os';
import type { Fingerprint } from '../../matrix/job-spec.ts';
import type { RunRecord } from '../../records/run-record.ts';
import { annotationNames } from '../../render/owner-labels.ts';
import { type JobView, judgeJob } from './job-state.ts';
import type { Job, Pod } from './objects.ts';

/** The name under which records say that a trial ran on a cluster. */
export const executorName = 'kubernetes';

/**
 * The record of a Job that has ended, so that its outcome outlives it (a TTL, or `make delete`).
 * `undefined` while it has not ended. Model, dataset and hyperparameters are those of its annotations.
 */
export function recordOf(
  job: Job,
  jobPods: readonly Pod[],
  rest: { readonly attempt: number; readonly log: string },
): RunRecord | undefined {
  const { observation } = judgeJob(job, jobPods);
  const { state, startedAt, endedAt, exitCode, reason } = observation;
  if (state !== 'succeeded' && state !== 'failed' && state !== 'timeout') return undefined;
  const notes = job.metadata.annotations ?? {};
  return {
    version: 1,
    name: job.metadata.name,
    model: notes[annotationNames.model] ?? '',
    dataset: notes[annotationNames.dataset] ?? '',
    hparam: parse(notes[annotationNames.hparam]),
    fingerprint: fingerprintOf(observation.fingerprint),
    command: job.spec?.template?.metadata?.annotations?.[annotationNames.command] ?? '',
    ...(notes[annotationNames.code] === undefined ? {} : { code: notes[annotationNames.code] }),
    executor: executorName,
    state,
    attempt: rest.attempt,
    host: hostname(),
    startedAt: startedAt ?? job.metadata.creationTimestamp,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(reason === undefined ? {} : { reason }),
    log: rest.log,
  };
}

function fingerprintOf(observed: JobView['observation']['fingerprint']): Fingerprint {
  return { hash: observed?.hash ?? '', parts: observed?.parts ?? {} };
}

function parse(text: string | undefined): Readonly<Record<string, string>> {
  try {
    return text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
  } catch {
    return {};
  }
}

import { hostname } from 'node:os';
import type { Fingerprint } from '../../matrix/job-spec.ts';
import type { RunRecord } from '../../records/run-record.ts';
import { annotationNames } from '../../render/owner-labels.ts';
import type { Observation } from '../executor.ts';
import type { Job } from './objects.ts';

/** The name under which records say that a trial ran on a cluster. */
export const executorName = 'kubernetes';

/** Which attempt a Job is: that of its own record, or the one after the last that is known. */
export function attemptOf(job: Job, known: RunRecord | undefined): number {
  if (known === undefined) return 1;
  return known.uid === job.metadata.uid ? known.attempt : known.attempt + 1;
}

/** Milliseconds by which the clock here may differ from the cluster's, by which TTLs go. */
const mostSkew = 300_000;

/**
 * A trial whose Job is gone has not to run again where its record says that it succeeded, and the Job was to go.
 * A Job that somebody has deleted is one that is not found: it is created again.
 *
 * @param now milliseconds since 1970
 */
export function countsWithoutJob(record: RunRecord | undefined, now: number): record is RunRecord {
  if (record?.executor !== executorName || record.state !== 'succeeded' || record.outlives !== true)
    return false;
  return record.expiresAt === undefined || Date.parse(record.expiresAt) - mostSkew <= now;
}

/**
 * The record of a Job that has ended, for `make status` to tell when it is gone.
 * `undefined` while it has not ended. Model, dataset and hyperparameters are those of its annotations.
 */
export function recordOf(
  job: Job,
  observation: Observation,
  rest: { readonly attempt: number; readonly log: string },
): RunRecord | undefined {
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
    uid: job.metadata.uid,
    ...expiryOf(job, endedAt),
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

function expiryOf(job: Job, endedAt: string | undefined): Pick<RunRecord, 'outlives' | 'expiresAt'> {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  if (ttl === undefined) return {};
  const end = Date.parse(endedAt ?? '');
  if (Number.isNaN(end)) return { outlives: true };
  // Further than calendars go is for ever.
  const expires = new Date(Math.min(end + ttl * 1000, 8.64e15));
  return { outlives: true, expiresAt: expires.toISOString() };
}

function fingerprintOf(observed: Observation['fingerprint']): Fingerprint {
  return { hash: observed?.hash ?? '', parts: observed?.parts ?? {} };
}

function parse(text: string | undefined): Readonly<Record<string, string>> {
  try {
    return text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
  } catch {
    return {};
  }
}

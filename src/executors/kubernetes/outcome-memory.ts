import type { JobSpec } from '../../matrix/job-spec.ts';
import { readPack } from '../../matrix/pack.ts';
import { logPath } from '../../records/run-paths.ts';
import { type RunRecord, unseenEnd } from '../../records/run-record.ts';
import type { Observation, RecordStore } from '../executor.ts';
import { keepPack } from './keep-pack.ts';
import type { NamespaceApi } from './namespace-api.ts';
import type { Job } from './objects.ts';
import { attemptOf, executorName, recordOf } from './run-outcome.ts';
import { hasEnded } from './slots.ts';

/** `readListed` answers for trials that never ran without looking for their file. */
export interface OutcomeRecords extends RecordStore {
  readListed(name: string): RunRecord | undefined;
  writeUnsynced(record: RunRecord): void;
  hasRecorded(name: string, uid: string): boolean;
}

/**
 * Writes down how Jobs have ended whenever that is seen, by whichever command: a TTL or somebody removes the Job later,
 * and a trial that has succeeded must not run again for that, nor one that has failed count as succeeded.
 */
export class OutcomeMemory {
  readonly #api: NamespaceApi;
  readonly #records: OutcomeRecords;
  /** UIDs of Jobs that need no second look. */
  readonly #seen = new Set<string>();

  constructor(api: NamespaceApi, records: OutcomeRecords) {
    this.#api = api;
    this.#records = records;
  }

  /**
   * @param observation of the Job and, where they are at hand, its pods
   * @returns `undefined` where there is nothing to write, as of most Jobs of a large listing
   * @throws DiagnosticError when a record cannot be written
   */
  see(job: Job, observation: Observation, signal: AbortSignal): Promise<void> | undefined {
    const { uid, name } = job.metadata;
    if (this.#seen.has(uid) || !hasEnded(job) || this.#records.hasRecorded(name, uid)) return undefined;
    this.#seen.add(uid);
    return this.#note(job, observation, signal);
  }

  async #note(job: Job, observation: Observation, signal: AbortSignal): Promise<void> {
    const { uid, name } = job.metadata;
    const trials = readPack(job.metadata.annotations);
    if (trials !== undefined) {
      if (trials.every((each) => this.#hasSucceeded(each.name, each.fingerprint.hash))) return;
      await keepPack(job, { api: this.#api, records: this.#records, signal });
      return;
    }
    const known = this.#records.readListed(name);
    const attempt = attemptOf(job, known);
    const record =
      known?.uid === uid ? known : recordOf(job, observation, { attempt, log: logPath(name, attempt) });
    // As long as the Job is there, a lost record costs nothing: no need to wait for the disk.
    if (record !== undefined) this.#records.writeUnsynced(record);
  }

  /** What is recorded of a trial. */
  recall(name: string): RunRecord | undefined {
    return this.#records.readListed(name);
  }

  /** A Job that a person has deleted: its trials are to run again, though a TTL would have removed it later. */
  async seeDeleted({ metadata }: Job): Promise<void> {
    const trials = readPack(metadata.annotations)?.map(({ name }) => name) ?? [metadata.name];
    for (const name of trials) {
      const known = this.#records.readListed(name);
      if (known?.executor !== executorName || known.outlives === undefined) continue;
      const { outlives: _outlives, expiresAt: _expiresAt, ...rest } = known;
      await this.#records.write(rest);
    }
  }

  /** Takes a success back that is about to be overwritten: what comes of the new Job, perhaps nobody will see. */
  async forget(spec: JobSpec): Promise<void> {
    const known = this.#records.readListed(spec.name);
    if (known?.executor !== executorName || known.state !== 'succeeded') return;
    const { exitCode: _exitCode, endedAt: _endedAt, ...rest } = known;
    await this.#records.write({ ...rest, state: 'interrupted', reason: unseenEnd });
  }

  #hasSucceeded(name: string, hash: string): boolean {
    const known = this.#records.readListed(name);
    return known?.executor === executorName && known.state === 'succeeded' && known.fingerprint.hash === hash;
  }
}

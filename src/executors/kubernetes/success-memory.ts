import { readPack } from '../../matrix/pack.ts';
import { logPath } from '../../records/run-paths.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { RecordStore } from '../executor.ts';
import { keepPack } from './keep-pack.ts';
import type { NamespaceApi } from './namespace-api.ts';
import type { Job } from './objects.ts';
import { executorName, recordOf } from './run-outcome.ts';
import { hasEnded } from './slots.ts';

/** `readListed` answers for trials that never ran without looking for their file. */
export interface SuccessRecords extends RecordStore {
  readListed(name: string): RunRecord | undefined;
  writeUnsynced(record: RunRecord): void;
}

/**
 * Writes down successes whenever they are seen, by whichever command: a TTL or somebody removes the Job later, and
 * the trial must not run again for that.
 */
export class SuccessMemory {
  readonly #api: NamespaceApi;
  readonly #records: SuccessRecords;
  /** UIDs of Jobs that need no second look. */
  readonly #seen = new Set<string>();

  constructor(api: NamespaceApi, records: SuccessRecords) {
    this.#api = api;
    this.#records = records;
  }

  /** @throws DiagnosticError when a record cannot be written */
  async see(job: Job, signal: AbortSignal): Promise<void> {
    const { uid, name } = job.metadata;
    if (this.#seen.has(uid) || !hasEnded(job)) return;
    this.#seen.add(uid);
    const trials = readPack(job.metadata.annotations);
    if (trials !== undefined) {
      if (trials.every((each) => this.#knows(each.name, each.fingerprint.hash))) return;
      await keepPack(job, { api: this.#api, records: this.#records, signal });
      return;
    }
    const attempt = (this.#records.readListed(name)?.attempt ?? 0) + 1;
    const record = recordOf(job, [], { attempt, log: logPath(name, attempt) });
    if (record?.state !== 'succeeded' || this.#knows(name, record.fingerprint.hash)) return;
    // As long as the Job is there, a lost record costs nothing: no need to wait for the disk.
    this.#records.writeUnsynced(record);
  }

  #knows(name: string, hash: string): boolean {
    const known = this.#records.readListed(name);
    return known?.executor === executorName && known.state === 'succeeded' && known.fingerprint.hash === hash;
  }
}

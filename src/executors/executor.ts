import type { JobSpec } from '../matrix/job-spec.ts';
import type { RunRecord, TrialState } from '../records/run-record.ts';

/** What an executor knows of one workload, read back from where it runs. */
export interface Observation {
  readonly name: string;
  readonly state: TrialState;
  /** Absent where the workload carries none of ours. */
  readonly fingerprint?: { readonly hash: string; readonly parts?: Readonly<Record<string, string>> };
  /** One sentence for a person: `no node has 8 free nvidia.com/gpu`. */
  readonly reason?: string;
  readonly exitCode?: number;
  /** Name of the signal that ended it. */
  readonly signal?: string;
  /** ISO 8601, UTC. */
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** A job made ready without touching the world: what `dryrun` shows is what `submit` sends. */
export interface PreparedJob {
  readonly spec: JobSpec;
  /** File name → text, what `dryrun` writes to `build/`; empty for executors that have no files. */
  readonly files: ReadonlyMap<string, string>;
}

/** A submitted workload; `uid` tells it from a later one of the same name. */
export interface Handle {
  readonly name: string;
  readonly uid?: string;
  /** Where the output can be read, for a person: a path in the project. */
  readonly log?: string;
}

export interface Outcome {
  readonly state: Exclude<TrialState, 'missing' | 'pending' | 'running' | 'suspended'>;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly reason?: string;
}

/**
 * Where trials run. Every executor passes `test/contract/executor-contract.ts`. All methods may throw
 * DiagnosticError and nothing else that is not a bug; all stop soon after `signal` is aborted.
 */
export interface Executor<Prepared extends PreparedJob = PreparedJob> {
  readonly name: string;
  /** Pure: no file, no network. */
  prepare(spec: JobSpec): Prepared;
  /** The state of everything of this project and user, in one look. */
  list(signal: AbortSignal): Promise<ReadonlyMap<string, Observation>>;
  /** Told which job will probably be submitted next, it may do beforehand what nobody can see. */
  expect?(job: Prepared): void;
  /** Idempotent: a workload that is there already with the same fingerprint counts as submitted. */
  submit(job: Prepared, signal: AbortSignal): Promise<Handle>;
  /** Settles when the workload has ended. */
  wait(handle: Handle, signal: AbortSignal): Promise<Outcome>;
  /** Removes the workload and waits until it is gone; absent counts as gone. */
  remove(handle: Handle, signal: AbortSignal): Promise<void>;
  /** The workload's output as it was written, from its beginning. */
  logs(handle: Handle, options: { readonly follow: boolean }, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Where executors write what ran; `records/` has the implementation on disk. */
export interface RecordStore {
  read(name: string): Promise<RunRecord | undefined>;
  readAll(): Promise<ReadonlyMap<string, RunRecord>>;
  /** Atomic and durable. */
  write(record: RunRecord): Promise<void>;
}

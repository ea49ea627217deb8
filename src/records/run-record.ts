import type { Fingerprint } from '../matrix/job-spec.ts';

/** How a trial stands. `missing` is the absence of a record or workload and so never written. */
export type TrialState =
  | 'missing'
  | 'pending'
  | 'suspended'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'timeout'
  | 'interrupted'
  /** The record says running, the process is gone. */
  | 'lost';

/** `.toolbox/runs/NAME/record.json`: what ran, with which fingerprint, how it ended. Holds no secret. */
export interface RunRecord {
  readonly version: 1;
  readonly name: string;
  readonly model: string;
  readonly dataset: string;
  readonly hparam: Readonly<Record<string, string>>;
  readonly fingerprint: Fingerprint;
  readonly command: string;
  /** Which code ran, see `container/code-reference.ts`; absent where nobody pinned it, as in local runs. */
  readonly code?: string;
  readonly executor: string;
  /** Of runs on a cluster, of the workload: tells the same one seen again from the next attempt. */
  readonly uid?: string;
  /** The end counts though the Job is gone, as when a TTL, or the failure of a neighbour in its pack, removes it. */
  readonly outlives?: true;
  /** When the TTL of its Job is over (ISO 8601, UTC): one that is gone before, somebody has deleted. */
  readonly expiresAt?: string;
  readonly state: Exclude<TrialState, 'missing' | 'lost'>;
  /** Counts from 1. */
  readonly attempt: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly exitCode?: number;
  /** Name of the signal that ended it, `SIGKILL`. */
  readonly signal?: string;
  /** One sentence for a person, where the exit code does not say it. */
  readonly reason?: string;
  /** Of one that waits to be submitted: how many trials of its sweep may be there at once. */
  readonly slots?: number;
  /** Relative to the project, one file an attempt. */
  readonly log: string;
  /** Local runs: tells a live process from one whose number was used again. */
  readonly process?: { readonly pid: number; readonly startTime: string };
}

/** Why a record of a success counts for nothing: its trial was created again on the cluster. */
export const unseenEnd = 'created again, and nobody has seen how that ended';

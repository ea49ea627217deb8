import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { TrialState } from '../../records/run-record.ts';

/** What was found and done about one trial. */
export interface LaunchStep {
  readonly name: string;
  /** What was there; `missing` is nothing. */
  readonly found: TrialState | 'deleting';
  readonly reason?: string | undefined;
  readonly result: 'created' | 'replaced' | 'kept' | 'rejected' | 'left';
  /** Created, to be started when a slot of `max_parallel` is free. */
  readonly isWaiting: boolean;
  /** Parts in which what was there differs from what the files say now. */
  readonly changed: readonly string[];
  /** Why it was rejected. */
  readonly diagnostics: readonly Diagnostic[];
  /** Of one that is rejected or left: its Job was deleted to be created again. */
  readonly wasDeleted?: boolean;
}

export interface LaunchSummary {
  readonly steps: Readonly<Record<LaunchStep['result'], number>>;
  /** Of those kept: how many differ from what the files say now. */
  readonly changed: number;
  /** Of those rejected or left: their Jobs were deleted before. */
  readonly deleted: number;
  /** The quota's own words, when it stopped the creating. */
  readonly quota: string | undefined;
  /** Jobs that were waiting for a slot and have been started. */
  readonly started: number;
  /** Created for a queue, which starts and suspends them: `max_parallel` does not count them. */
  readonly queued: number;
  /** Jobs that have the slots which others wait for. */
  readonly holders: readonly string[];
  /** Secrets, ConfigMaps and Services that were gone and have been made again, as `Secret/NAME`. */
  readonly restored: readonly string[];
  /** Those that are gone and that the files no longer make: Jobs wait for them in vain. */
  readonly lacking: readonly string[];
  /** Kept ones that have not begun, with another Secret than they would be created with now, see `OldSecrets`. */
  readonly oldSecrets: number;
  /** Support objects applied, for the garbage collection that may follow. */
  readonly applied: ReadonlySet<string>;
}

import type { OverridableFields } from '../config/fields.ts';

/** A cluster's rules as data: `policy: nrp` in kube.yaml names a shipped pack, `policy: FILE` the lab's own. */
export interface Policy {
  readonly name: string;
  /** Fields a project gets where it says nothing itself. */
  readonly defaults: OverridableFields;
  /** Region label of a node → suffix of the variables in `.env` that hold its bucket and credentials. */
  readonly regions: ReadonlyMap<string, string>;
  readonly rules: readonly PolicyRule[];
}

/** One rule. It explains itself with `why` whenever it changes or refuses something. */
export type PolicyRule = FieldRule | CommandRule;

export interface FieldRule {
  readonly kind: 'field';
  /** A numeric field of kube.yaml, such as `gpu_count`. */
  readonly field: string;
  readonly most?: number | undefined;
  readonly least?: number | undefined;
  /** `adjust` sets the field to the bound and warns, `refuse` is an error. */
  readonly action: 'adjust' | 'refuse';
  /** Which workloads it is for; both where absent. */
  readonly for?: WorkloadKind | undefined;
  readonly why: string;
}

export interface CommandRule {
  readonly kind: 'command';
  /** A program that a command must not call, as a word of its own: `sleep`. */
  readonly forbid: string;
  readonly for?: WorkloadKind | undefined;
  readonly why: string;
}

/** A trial's Job, or the pod a person works in. */
export type WorkloadKind = 'job' | 'pod';

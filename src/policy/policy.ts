/** A lab's rules as data: `policy: nrp` in kube.yaml names a shipped pack, `policy: FILE` the lab's own. */
export interface Policy {
  readonly name: string;
  readonly description?: string;
  /** Overridable fields a project gets where it says nothing itself. */
  readonly defaults: Readonly<Record<string, string | number | boolean>>;
  /** URL as people outside write it → URL inside the cluster. */
  readonly endpoint_map: Readonly<Record<string, string>>;
  /** Region label of a node → suffix of the variables in `.env` that hold its credentials. */
  readonly regions: Readonly<Record<string, string>>;
  readonly rules: readonly PolicyRule[];
}

/** One rule. It explains itself with `why` whenever it changes or refuses something. */
export type PolicyRule = FieldRule | CommandRule;

export interface FieldRule {
  /** A numeric field of kube.yaml, such as `gpu_count`. */
  readonly field: string;
  readonly most?: number;
  readonly least?: number;
  /** `adjust` sets the field to the bound and warns, `refuse` is an error. */
  readonly action: 'adjust' | 'refuse';
  /** Which workloads it is for; both where absent. */
  readonly for?: WorkloadKind;
  readonly why: string;
}

export interface CommandRule {
  /** A program that a command must not call, as a word of its own: `sleep`. */
  readonly forbid: string;
  readonly for?: WorkloadKind;
  readonly why: string;
}

/** A trial's Job, or the pod a person works in. */
export type WorkloadKind = 'job' | 'pod';

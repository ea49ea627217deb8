import type { ResolvedFields } from '../config/resolved-fields.ts';
import type { Trial } from './trial.ts';

/** Which text of `[local](remote)` is used. */
export type Side = 'local' | 'remote';

/** One trial with everything resolved: no placeholder, no default and no layer left. Neutral of the executor. */
export interface JobSpec {
  readonly trial: Trial;
  /** The same as `trial.name`. */
  readonly name: string;
  readonly side: Side;
  /** The bash text to run. */
  readonly command: string;
  /** Variables from the `env` fields, merged; without `.env`, whose values are secrets. */
  readonly env: Readonly<Record<string, string>>;
  readonly fields: ResolvedFields;
  readonly fingerprint: Fingerprint;
}

/**
 * What a trial would do, as hashes: `hash` over all of it, `parts` to say which part changed. Neither holds
 * a secret value.
 */
export interface Fingerprint {
  /** 64 hex digits. */
  readonly hash: string;
  /** Part (`command`, `image`, `resources`, `env`, `files`, `data`, `outputs`, `code`) → 12 hex digits. */
  readonly parts: Readonly<Record<string, string>>;
}

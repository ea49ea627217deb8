import type { Observation } from '../executors/executor.ts';
import type { Fingerprint } from './job-spec.ts';

/** `overwrite=`: `true` all trials, `changed` those whose fingerprint changed, `failed` what is done anyway. */
export type Overwrite = 'true' | 'changed' | 'failed';

/** What to do about one trial. */
export type Action =
  | { readonly kind: 'create' }
  /** Remove what is there, wait until it is gone, create. */
  | { readonly kind: 'replace'; readonly why: 'failed' | 'changed' | 'overwrite' }
  /** `changed` names the parts of the fingerprint that differ; empty when none does. */
  | { readonly kind: 'keep'; readonly changed: readonly string[] };

/**
 * What becomes of a trial, by what is known of it, observed or read from its run record:
 *
 * | there                                 | default | overwrite=changed | overwrite=true |
 * |---------------------------------------|---------|-------------------|----------------|
 * | nothing                               | create  | create            | create         |
 * | failed, timed out, interrupted, lost  | replace | replace           | replace        |
 * | other, same fingerprint               | keep    | keep              | replace        |
 * | other, fingerprint changed            | keep    | replace           | replace        |
 * | other, without a fingerprint          | keep    | keep              | replace        |
 */
export function decide(
  spec: { readonly fingerprint: Fingerprint },
  known: Pick<Observation, 'state' | 'fingerprint'> | undefined,
  overwrite?: Overwrite,
): Action {
  if (known === undefined || known.state === 'missing') return { kind: 'create' };
  if (overwrite === 'true') return { kind: 'replace', why: 'overwrite' };
  if (hasFailed(known.state)) return { kind: 'replace', why: 'failed' };
  const changed = changedParts(spec.fingerprint, known.fingerprint);
  if (changed.length > 0 && overwrite === 'changed') return { kind: 'replace', why: 'changed' };
  return { kind: 'keep', changed };
}

export function hasFailed(state: Observation['state']): boolean {
  return state === 'failed' || state === 'timeout' || state === 'interrupted' || state === 'lost';
}

/** The parts in which two fingerprints differ, sorted; `['definition']` where only the whole can be compared. */
export function changedParts(wanted: Fingerprint, there: Observation['fingerprint']): readonly string[] {
  if (there === undefined || there.hash === wanted.hash) return [];
  const parts = there.parts ?? {};
  const names = new Set([...Object.keys(wanted.parts), ...Object.keys(parts)]);
  const changed = [...names].filter((name) => wanted.parts[name] !== parts[name]).sort();
  // No parts, or none that differs: only the whole can be compared.
  return Object.keys(parts).length === 0 || changed.length === 0 ? ['definition'] : changed;
}

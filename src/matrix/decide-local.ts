import type { Observation } from '../executors/executor.ts';
import { type Action, changedParts, hasFailed } from './decide.ts';
import type { Fingerprint } from './job-spec.ts';

/**
 * What `make local` does about a trial, by its run record:
 *
 * | there                                | default | resume=true |
 * |--------------------------------------|---------|-------------|
 * | nothing                              | create  | create      |
 * | running: its process lives           | keep    | keep        |
 * | succeeded, same fingerprint          | replace | keep        |
 * | succeeded, changed                   | replace | replace     |
 * | succeeded, without a fingerprint     | replace | replace     |
 * | failed, timed out, interrupted, lost | replace | replace     |
 */
export function decideLocal(
  spec: { readonly fingerprint: Fingerprint },
  known: Pick<Observation, 'state' | 'fingerprint'> | undefined,
  resume: boolean,
): Action {
  if (known === undefined || known.state === 'missing') return { kind: 'create' };
  const changed = changedParts(spec.fingerprint, known.fingerprint);
  if (known.state === 'running') return { kind: 'keep', changed };
  if (hasFailed(known.state)) return { kind: 'replace', why: 'failed' };
  if (!resume) return { kind: 'replace', why: 'overwrite' };
  if (changed.length > 0) return { kind: 'replace', why: 'changed' };
  // Nobody knows what succeeded there, and running it once more is the safe answer.
  return known.fingerprint === undefined ? { kind: 'replace', why: 'changed' } : { kind: 'keep', changed };
}

import type { DigestText } from './digest.ts';

/** One side of a pair as far as it is known without reading content. */
export interface SideState {
  readonly size: number;
  /** Absent: only reading the content, or asking the store again, can tell. */
  readonly digest?: DigestText | undefined;
}

/** How the target of a transfer stands to its source. */
export type Comparison =
  | 'absent'
  | 'same'
  | 'different'
  /** Same size; the digests have to be found out first. */
  | 'undecided';

export type SyncAction =
  /** Move the bytes. */
  | 'transfer'
  /** It is there and the same. */
  | 'skip'
  /** It is there and differs, or cannot be compared: reported, left, exit code 3. */
  | 'leave';

/**
 * Compares by size and content digest; time plays no part.
 *
 * | source | target                     | comparison |
 * | ------ | -------------------------- | ---------- |
 * | any    | absent                     | absent     |
 * | n      | another size               | different  |
 * | 0      | 0                          | same       |
 * | n      | n, digests equal           | same       |
 * | n      | n, one scheme, not equal   | different  |
 * | n      | n, a digest is not known   | undecided  |
 * | n      | n, digests of two schemes  | undecided  |
 */
export function compareSides(source: SideState, target: SideState | undefined): Comparison {
  if (target === undefined) return 'absent';
  if (source.size !== target.size) return 'different';
  if (source.size === 0) return 'same';
  if (source.digest === undefined || target.digest === undefined) return 'undecided';
  if (source.digest === target.digest) return 'same';
  return schemeOf(source.digest) === schemeOf(target.digest) ? 'different' : 'undecided';
}

/**
 * What to do about one pair. What is still undecided after all was asked cannot be told to be the same, so it is
 * treated as different.
 *
 * | comparison | overwrite | action   |
 * | ---------- | --------- | -------- |
 * | absent     | any       | transfer |
 * | same       | any       | skip     |
 * | different  | no        | leave    |
 * | different  | yes       | transfer |
 * | undecided  | no        | leave    |
 * | undecided  | yes       | transfer |
 *
 * There is no row that deletes: what is only at the target stays.
 */
export function decideAction(comparison: Comparison, overwrite: boolean): SyncAction {
  if (comparison === 'absent') return 'transfer';
  if (comparison === 'same') return 'skip';
  return overwrite ? 'transfer' : 'leave';
}

function schemeOf(digest: DigestText): string {
  return digest.slice(0, digest.indexOf(':'));
}

import { parseDigestScheme } from './digest.ts';
import type { DigestCache } from './digest-cache.ts';
import { expectationsOf } from './expected-digest.ts';
import type { LocalFile } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { type Comparison, compareSides } from './sync-plan.ts';

export interface CompareTools {
  readonly store: ObjectStore;
  readonly cache: DigestCache;
  readonly signal: AbortSignal;
}

/**
 * Compares a file with an object, reading and asking only as much as it takes: first what the listing says, then the
 * file's digest, then what is stored beside the object, then what its ETag would be for parts of common sizes.
 */
export async function comparePair(
  file: LocalFile | undefined,
  info: ObjectInfo | undefined,
  tools: CompareTools,
): Promise<Comparison> {
  const atOnce = compareAtOnce(file, info, tools.cache);
  if (atOnce !== 'undecided' || file === undefined || info === undefined) return atOnce;
  const { size } = file;

  // A listing takes every ETag that looks like an MD5 for one, and those of encrypted objects are none. So only
  // equality counts here, and before anything is called different the object itself is asked.
  const listed = info.digest === undefined ? undefined : parseDigestScheme(info.digest);
  if (listed !== undefined && (await tools.cache.digest(file, listed, tools.signal)) === info.digest)
    return 'same';
  const details = await tools.store.head(info.key, tools.signal);
  if (details === undefined) return 'absent';
  if (details.size !== size) return 'different';
  for (const expected of await expectationsOf(details, tools.store, tools.signal)) {
    const digest = await tools.cache.digest(file, expected.scheme, tools.signal);
    const comparison = compareSides({ size, digest }, { size, digest: expected.digest });
    if (comparison === 'same') {
      tools.cache.remember(file, digest, details.etag);
      return 'same';
    }
    if (!expected.guessed) return comparison;
  }
  return 'undecided';
}

/** As far as it can be told without reading or asking anything; most pairs of a sync that has little to do. */
export function compareAtOnce(
  file: LocalFile | undefined,
  info: ObjectInfo | undefined,
  cache: DigestCache,
): Comparison {
  if (file === undefined || info === undefined) return 'absent';
  const bySize = compareSides({ size: file.size }, info);
  if (bySize !== 'undecided') return bySize;
  return cache.knowsEqual(file, info) ? 'same' : 'undecided';
}

import {
  type DigestScheme,
  type DigestText,
  isMd5ETag,
  parseDigestScheme,
  partCountOfETag,
} from './digest.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';

/** What an object's content can be checked against. */
export interface Expectation {
  readonly digest: DigestText;
  readonly scheme: DigestScheme;
  /** Guessed from an ETag: equal proves equality, but a difference proves nothing. */
  readonly guessed: boolean;
}

const mebi = 1 << 20;

/** The part sizes of common tools (aws 8, s5cmd 50, rclone 5, s3cmd 15, SDKs 5, 16, …), for guessing. */
const commonPartSizes = [8, 50, 5, 15, 16, 10, 20, 25, 32, 64, 100, 128, 256, 512, 1024].map(
  (size) => size * mebi,
);

/**
 * What to check an object's content against: the digest that is stored beside it, its ETag where that is an MD5, or
 * what its ETag must be if it was uploaded in parts of some size. Best first; empty where nothing can tell.
 */
export async function expectationsOf(
  info: ObjectInfo,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<Expectation[]> {
  if (info.digest !== undefined) {
    const scheme = parseDigestScheme(info.digest);
    if (scheme !== undefined) return [{ digest: info.digest, scheme, guessed: false }];
  }
  if (isMd5ETag(info.etag)) {
    // Not vouched for by the store: the object is encrypted, and its ETag most likely no MD5.
    return [{ digest: `md5:${info.etag}`, scheme: { algorithm: 'md5', partSize: undefined }, guessed: true }];
  }
  const count = partCountOfETag(info.etag);
  if (count === undefined || info.size === 0) return [];
  const told = await store.partSize(info.key, info.etag, signal);
  const sizes = told === undefined ? guessPartSizes(info.size, count) : [told];
  return sizes.map((partSize) => ({
    digest: `md5-parts-${partSize}:${info.etag}`,
    scheme: { algorithm: 'md5', partSize },
    guessed: true,
  }));
}

/** What to check what arrives against before all else, where that is stored: as sure, and told sooner. */
export function checkOf({ check }: ObjectInfo): Expectation[] {
  const scheme = check === undefined ? undefined : parseDigestScheme(check);
  return check === undefined || scheme === undefined ? [] : [{ digest: check, scheme, guessed: false }];
}

/** The part sizes that give this number of parts, likely ones first. */
function guessPartSizes(size: number, count: number): number[] {
  if (count === 1) return [size];
  const evenly = Math.ceil(size / count);
  const roundedUp = Math.ceil(evenly / mebi) * mebi;
  const candidates = new Set([...commonPartSizes, roundedUp, evenly]);
  return [...candidates].filter((partSize) => Math.ceil(size / partSize) === count);
}

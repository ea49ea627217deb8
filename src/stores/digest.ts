/**
 * How content digests are written, here, in object metadata and in the digest cache:
 *
 * - `md5:HEX`: of the whole content; what S3 gives as the ETag of an object put in one piece
 * - `sha256-parts-SIZE:HEX`: SHA-256 over the SHA-256 digests (32 bytes each) of the pieces of SIZE bytes; what
 *   we store beside objects uploaded in parts
 * - `gmac-parts-SIZE:HEX`: SHA-256 over the checksums (16 bytes each) of the pieces; stored beside the one above, to be
 *   told in less time whether what has arrived is whole (`content-hash.ts`)
 * - `md5-parts-SIZE:HEX-COUNT`: MD5 over the MD5 digests of the pieces; what S3 gives as the ETag of an object
 *   uploaded in parts of SIZE bytes
 */
export type DigestText = string;

/** The part of a digest before the colon: how to compute one that can be compared. */
export interface DigestScheme {
  readonly algorithm: 'md5' | 'sha256' | 'gmac';
  /** Bytes a piece; `undefined`: the content is one piece and the digest is its own. */
  readonly partSize: number | undefined;
}

/** The metadata key that holds the digest, as an HTTP header. */
export const digestHeader = 'x-amz-meta-ktb-digest';

/** The one that holds the checksum. */
export const checkHeader = 'x-amz-meta-ktb-check';

/** The scheme of a digest; `undefined` for one we cannot compute, such as one of a later version. */
export function parseDigestScheme(digest: DigestText): DigestScheme | undefined {
  if (/^md5:[0-9a-f]{32}$/.test(digest)) return { algorithm: 'md5', partSize: undefined };
  const match =
    /^(sha256|gmac)-parts-([1-9]\d{0,14}):[0-9a-f]{64}$/.exec(digest) ??
    /^(md5)-parts-([1-9]\d{0,14}):[0-9a-f]{32}-\d+$/.exec(digest);
  if (match === null) return undefined;
  return { algorithm: match[1] as DigestScheme['algorithm'], partSize: Number(match[2]) };
}

export function formatDigestScheme(scheme: DigestScheme): string {
  return scheme.partSize === undefined ? scheme.algorithm : `${scheme.algorithm}-parts-${scheme.partSize}`;
}

/** Whether an ETag can be the MD5 of the content. Encrypted objects have such ETags that are none. */
export function isMd5ETag(etag: string): boolean {
  return /^[0-9a-f]{32}$/.test(etag);
}

/** The number of parts that a multipart ETag tells, or `undefined` for another ETag. */
export function partCountOfETag(etag: string): number | undefined {
  const match = /^[0-9a-f]{32}-([1-9]\d{0,4})$/.exec(etag);
  return match === null ? undefined : Number(match[1]);
}

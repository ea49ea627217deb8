/** What a listing or a HEAD tells of one object. */
export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without its quotes. */
  readonly etag: string;
  /** ISO 8601, UTC. */
  readonly modified: string;
  /** Content digest as `sha256:HEX` or `md5:HEX`, where the store can tell. */
  readonly digest?: string;
}

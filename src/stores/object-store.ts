import type { DigestText } from './digest.ts';

/** What a listing tells of one object. */
export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without its quotes. */
  readonly etag: string;
  /** ISO 8601, UTC. */
  readonly modified: string;
  /** What the store is sure the content's digest is; see `digest.ts`. Absent where only the content can tell. */
  readonly digest?: DigestText;
  /** Of an object with a digest that was stored beside it: what tells sooner that its bytes have arrived whole. */
  readonly check?: DigestText;
}

export interface ListOptions {
  /** Keys begin with this; empty: all. */
  readonly prefix: string;
  /** `true`: one level only, what is deeper comes as `folders`. */
  readonly shallow?: boolean;
  readonly signal: AbortSignal;
}

export interface ListPage {
  readonly objects: readonly ObjectInfo[];
  /** Only of a shallow listing: the prefixes below, each ending in `/`. */
  readonly folders: readonly string[];
}

export interface GetOptions {
  /** Bytes `start` to `end`, `end` not included; absent: all. */
  readonly range?: { readonly start: number; readonly end: number };
  /** Bytes that it has by its listing: believed where an answer does not say, as a proxy's may not of an empty one. */
  readonly size?: number;
  /** Only this version; another one rejects with a StoreError of kind `changed`. */
  readonly ifMatch?: string;
  /** Called with the object's details before the first byte. */
  readonly onDetails?: (details: ObjectInfo) => void;
  /**
   * Called with each piece, in order, every byte once; a returned promise holds the stream back. The piece's memory is
   * gone when it returns or the promise settles.
   */
  readonly write: (chunk: Uint8Array) => void | Promise<void>;
  readonly signal: AbortSignal;
}

/** Bytes to send, read again from the start at each attempt. */
export interface Payload {
  readonly size: number;
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string;
  /** MD5 of the bytes, hex, where it is known. */
  readonly md5?: string;
  /** Pieces must stay as they are until the next one is asked for, no longer. */
  open(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface PutOptions {
  /** Kept beside the object and given back by `head` and `get`. */
  readonly digest: DigestText;
  readonly signal: AbortSignal;
}

export interface PartsOptions extends PutOptions {
  /** Kept like the digest, where the store can. */
  readonly check?: DigestText;
}

export interface PartUpload {
  readonly key: string;
  readonly id: string;
}

/** A part upload under way, as the store lists it. */
export interface PendingUpload extends PartUpload {
  /** Who began it, as the store names them; empty where it does not say. */
  readonly initiator: string;
  /** ISO 8601, UTC. */
  readonly initiated: string;
}

export interface DeleteFailure {
  readonly key: string;
  readonly why: string;
}

/**
 * Keys with bytes. Every store passes `test/contract/object-store-contract.ts`. All methods retry what is worth
 * retrying, and may throw StoreError (see `store-error.ts`), the signal's reason, and nothing else that is no bug.
 */
export interface ObjectStore {
  /** For messages: `bucket "example" at http://127.0.0.1:7480`. */
  readonly name: string;
  /**
   * Every key with the prefix, in the order of the UTF-8 bytes, each once. A listing that ends without an error
   * is complete.
   */
  list(options: ListOptions): AsyncIterable<ListPage>;
  /** `undefined` where there is no such object. `listed`: its size by the listing, as in {@link GetOptions}. */
  head(key: string, signal: AbortSignal, listed?: number): Promise<ObjectInfo | undefined>;
  /** Settles when all bytes were written; fewer bytes than the store announced are an error. */
  get(key: string, options: GetOptions): Promise<ObjectInfo>;
  /** Returns the new object's ETag. The object appears whole or not at all. */
  put(key: string, payload: Payload, options: PutOptions): Promise<string>;
  /** Keys that are gone already count as deleted. */
  delete(keys: readonly string[], signal: AbortSignal): Promise<readonly DeleteFailure[]>;
  startParts(key: string, options: PartsOptions): Promise<PartUpload>;
  /** `number` counts from 1. Returns the part's ETag. */
  putPart(upload: PartUpload, number: number, payload: Payload, signal: AbortSignal): Promise<string>;
  /** `etags` of all parts in order. Returns the object's ETag. */
  finishParts(upload: PartUpload, etags: readonly string[], signal: AbortSignal): Promise<string>;
  /** An upload that is gone already counts as aborted. */
  abortParts(upload: PartUpload, signal: AbortSignal): Promise<void>;
  /** When the last of its parts came, ISO 8601, UTC; `undefined` where there is none yet. */
  newestPart(upload: PartUpload, signal: AbortSignal): Promise<string | undefined>;
  listParts(prefix: string, signal: AbortSignal): Promise<readonly PendingUpload[]>;
  /** The size of each part but the last, where the store can tell; a multipart ETag can be checked with it. */
  partSize(key: string, etag: string, signal: AbortSignal): Promise<number | undefined>;
  /** Gives up idle connections. */
  close(): void;
}

import { writeSync } from 'node:fs';
import { type ContentHash, createContentHash } from './content-hash.ts';
import type { DigestScheme } from './digest.ts';

/** Pieces of at least this size are written from where they are; smaller ones are put together first. */
const large = 128 << 10;

/**
 * Writes one range of a file in its place as it comes in. Synchronous: to hand a piece to another thread, and to have
 * its bytes brought there, costs a fifth more processor time than to write it, and what comes in waits in the socket.
 */
export class RangeWriter {
  readonly #descriptor: number;
  readonly #onBytes: (count: number) => void;
  readonly #hash: ContentHash | undefined;
  #position: number;
  #gathered: Buffer | undefined;
  #filled = 0;

  /** @param algorithm of the digest that `end` returns */
  constructor(
    descriptor: number,
    start: number,
    algorithm: DigestScheme['algorithm'] | undefined,
    onBytes: (count: number) => void,
  ) {
    this.#descriptor = descriptor;
    this.#position = start;
    this.#hash = algorithm === undefined ? undefined : createContentHash(algorithm);
    this.#onBytes = onBytes;
  }

  /** Takes the next piece; its memory is free again afterwards. @throws what the file system says */
  add(piece: Uint8Array): void {
    this.#hash?.update(piece);
    if (this.#filled + piece.length > large) this.#flush();
    if (piece.length >= large) this.#write(piece);
    else {
      this.#gathered ??= Buffer.allocUnsafe(large);
      this.#gathered.set(piece, this.#filled);
      this.#filled += piece.length;
    }
  }

  /** Writes what is left. Returns the digest of what came in, where an algorithm was given. */
  end(): Buffer | undefined {
    this.#flush();
    return this.#hash?.digest();
  }

  #flush(): void {
    if (this.#gathered !== undefined) this.#write(this.#gathered.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; )
      at += writeSync(this.#descriptor, bytes, at, bytes.length - at, this.#position + at);
    this.#position += bytes.length;
    this.#onBytes(bytes.length);
  }
}

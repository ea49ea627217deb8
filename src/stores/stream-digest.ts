import { type ContentHash, createContentHash } from './content-hash.ts';
import type { DigestScheme, DigestText } from './digest.ts';
import { combinePieces } from './file-digest.ts';

/** A digest by a scheme, of content that comes in order. */
export class StreamDigest {
  readonly #scheme: DigestScheme;
  readonly #pieces: Buffer[] = [];
  #piece: ContentHash;
  #left: number;

  constructor(scheme: DigestScheme) {
    this.#scheme = scheme;
    this.#piece = createContentHash(scheme.algorithm);
    this.#left = scheme.partSize ?? Number.POSITIVE_INFINITY;
  }

  update(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0; ) {
      // A piece ends with the first byte of the next one, so that there is none without a byte.
      if (this.#left === 0) this.#endPiece();
      const taken = rest.subarray(0, Math.min(rest.length, this.#left));
      this.#piece.update(taken);
      this.#left -= taken.length;
      rest = rest.subarray(taken.length);
    }
  }

  /** To be called once. */
  digest(): DigestText {
    this.#endPiece();
    return combinePieces(this.#pieces, this.#scheme);
  }

  #endPiece(): void {
    this.#pieces.push(this.#piece.digest());
    this.#piece = createContentHash(this.#scheme.algorithm);
    this.#left = this.#scheme.partSize ?? Number.POSITIVE_INFINITY;
  }
}

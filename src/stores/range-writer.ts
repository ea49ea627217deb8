import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { chunkSize } from './file-digest.ts';

/** Pieces of at least this size are written from where they are. */
const large = 128 << 10;

/**
 * Writes one range of a file in its place as it comes in. Small pieces are put together: one buffer is on its way to the
 * disk while the other fills.
 */
export class RangeWriter {
  readonly #file: FileHandle;
  readonly #onBytes: (count: number) => void;
  readonly #hash: Hash | undefined;
  readonly #buffers: Buffer[];
  #position: number;
  #filled = 0;
  #writing: Promise<void> = Promise.resolve();
  #adding: Promise<void> | undefined;

  /** @param buffers two of `chunkSize`, this writer's until `end` has settled */
  constructor(
    file: FileHandle,
    start: number,
    buffers: readonly [Buffer, Buffer],
    options: { readonly algorithm: string | undefined; readonly onBytes: (count: number) => void },
  ) {
    this.#file = file;
    this.#position = start;
    this.#buffers = [...buffers];
    this.#onBytes = options.onBytes;
    this.#hash = options.algorithm === undefined ? undefined : createHash(options.algorithm);
  }

  /** Takes the next piece; a promise asks to wait for the disk, and its memory is needed until then. */
  add(piece: Uint8Array): Promise<void> | undefined {
    if (this.#filled === 0 && piece.length >= large) {
      const written = this.#begin(piece);
      // While the disk is at it.
      this.#hash?.update(piece);
      return written;
    }
    this.#hash?.update(piece);
    if (this.#filled + piece.length > chunkSize) {
      this.#adding = this.#overflow(piece);
      return this.#adding;
    }
    this.#fill(piece);
    return undefined;
  }

  /** Settles when all is written. Returns the digest of what came in, where an algorithm was given. */
  async end(): Promise<Buffer | undefined> {
    await this.#adding;
    await this.#flush();
    await this.#writing;
    return this.#hash?.digest();
  }

  async #overflow(piece: Uint8Array): Promise<void> {
    for (let rest = piece; rest.length > 0; ) {
      if (this.#filled === chunkSize) await this.#flush();
      const fits = rest.subarray(0, chunkSize - this.#filled);
      this.#fill(fits);
      rest = rest.subarray(fits.length);
    }
  }

  #fill(piece: Uint8Array): void {
    this.#buffers[0]?.set(piece, this.#filled);
    this.#filled += piece.length;
  }

  /** Begins to write what there is when what went before is on the disk. */
  async #flush(): Promise<void> {
    await this.#writing;
    void this.#begin(this.#buffers[0]?.subarray(0, this.#filled) ?? Buffer.alloc(0));
    this.#filled = 0;
    this.#buffers.reverse();
  }

  #begin(bytes: Uint8Array): Promise<void> {
    const writing = this.#write(bytes, this.#position);
    const all = Promise.all([this.#writing, writing]).then(() => {});
    // Whoever waits for it next gets the error.
    all.catch(() => {});
    this.#writing = all;
    this.#position += bytes.length;
    return writing;
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; )
      at += (await this.#file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
    this.#onBytes(bytes.length);
  }
}

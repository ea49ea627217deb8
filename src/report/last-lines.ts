const lineEnd = 0x0a;

/** The last lines of an output that is passed through it. */
export class LastLines {
  readonly #count: number;
  #kept: Buffer = Buffer.alloc(0);

  constructor(count: number) {
    this.#count = count;
  }

  add(chunk: Uint8Array): void {
    this.#kept = this.#last(Buffer.concat([this.#kept, chunk]));
  }

  end(): Buffer {
    return this.#kept;
  }

  #last(text: Buffer): Buffer {
    // The end of the last line begins no other.
    let start = text.at(-1) === lineEnd ? text.length - 1 : text.length;
    for (let left = this.#count; left > 0; left -= 1) {
      start = start <= 0 ? -1 : text.lastIndexOf(lineEnd, start - 1);
      if (start === -1) return text;
    }
    return this.#count === 0 ? Buffer.alloc(0) : text.subarray(start + 1);
  }
}

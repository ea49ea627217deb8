/** A line's `[NAME] ` is within these first bytes. */
const longestPrefix = 66;

/**
 * Of the output of a pod that runs several trials, the lines of some of them. Each line there begins with
 * `[NAME] `; where one trial is asked for, that is taken off. Holds no more of a line than its prefix.
 */
export class PackedLines {
  readonly #names: ReadonlySet<string>;
  /** The beginning of a line whose trial is not known yet. */
  #start = Buffer.alloc(0);
  /** Whether the rest of the line under way is kept; `undefined` at its beginning. */
  #keeps: boolean | undefined;

  constructor(names: readonly string[]) {
    this.#names = new Set(names);
  }

  add(chunk: Uint8Array): Buffer {
    const kept: Buffer[] = [];
    for (let rest = Buffer.concat([this.#start, chunk]); rest.length > 0; ) {
      const found = rest.indexOf(0x0a);
      const end = found === -1 ? rest.length : found + 1;
      if (this.#keeps === undefined && found === -1 && end < longestPrefix) {
        this.#start = rest;
        return Buffer.concat(kept);
      }
      kept.push(this.#keep(rest.subarray(0, end)));
      if (found !== -1) this.#keeps = undefined;
      rest = rest.subarray(end);
    }
    this.#start = Buffer.alloc(0);
    return Buffer.concat(kept);
  }

  /** What is left when the output has ended without a line end. */
  end(): Buffer {
    const rest = this.#start;
    this.#start = Buffer.alloc(0);
    return this.#keep(rest);
  }

  #keep(piece: Buffer): Buffer {
    let text = piece;
    if (this.#keeps === undefined) {
      const name = /^\[([a-z0-9-]{1,63})\] /.exec(piece.subarray(0, longestPrefix).toString('latin1'))?.[1];
      this.#keeps = name !== undefined && this.#names.has(name);
      if (this.#keeps && this.#names.size === 1) text = piece.subarray((name?.length ?? 0) + 3);
    }
    return this.#keeps ? text : piece.subarray(piece.length);
  }
}

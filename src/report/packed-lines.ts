/**
 * Of the output of a pod that runs several trials, the lines of some of them. Each line there begins with
 * `[NAME] `; where one trial is asked for, that is taken off.
 */
export class PackedLines {
  readonly #names: ReadonlySet<string>;
  #rest = Buffer.alloc(0);

  constructor(names: readonly string[]) {
    this.#names = new Set(names);
  }

  add(chunk: Uint8Array): Buffer {
    const all = Buffer.concat([this.#rest, chunk]);
    const end = all.lastIndexOf(0x0a) + 1;
    this.#rest = all.subarray(end);
    return this.#keep(all.subarray(0, end));
  }

  /** What is left when the output has ended without a line end. */
  end(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return this.#keep(rest);
  }

  #keep(bytes: Buffer): Buffer {
    const kept: Buffer[] = [];
    for (let start = 0; start < bytes.length; ) {
      const found = bytes.indexOf(0x0a, start);
      const end = found === -1 ? bytes.length : found + 1;
      const line = bytes.subarray(start, end);
      const name = /^\[([a-z0-9-]{1,63})\] /.exec(line.subarray(0, 70).toString('latin1'))?.[1];
      if (name !== undefined && this.#names.has(name))
        kept.push(this.#names.size === 1 ? line.subarray(name.length + 3) : line);
      start = end;
    }
    return Buffer.concat(kept);
  }
}

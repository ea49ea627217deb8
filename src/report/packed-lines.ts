import { packMarker } from '../matrix/pack-command.ts';

/** A line's `[NAME] ` is within these first bytes. */
const longestPrefix = 66;

/**
 * Of the output of a pod that runs several trials, the lines of some of them, or all but those that are meant for the
 * toolbox. Each line of a trial begins with `[NAME] `; where one is asked for, that is taken off. Holds no more of
 * a line than its prefix.
 */
export class PackedLines {
  readonly #names: ReadonlySet<string> | undefined;
  /** The beginning of a line whose trial is not known yet. */
  #start = Buffer.alloc(0);
  /** Whether the rest of the line under way is kept; `undefined` at its beginning. */
  #keeps: boolean | undefined;

  /** @param names `undefined` for all */
  constructor(names: readonly string[] | undefined) {
    this.#names = names === undefined ? undefined : new Set(names);
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
      const start = piece.subarray(0, longestPrefix).toString('latin1');
      const name = /^\[([a-z0-9-]{1,63})\] /.exec(start)?.[1];
      this.#keeps =
        this.#names === undefined
          ? !start.startsWith(packMarker)
          : name !== undefined && this.#names.has(name);
      if (this.#keeps && this.#names?.size === 1) text = piece.subarray((name?.length ?? 0) + 3);
    }
    return this.#keeps ? text : piece.subarray(piece.length);
  }
}

import { contentToJson, wholeCharacters } from './output-bytes.ts';

const lineEnd = 0x0a;
/** Bytes of a line held until it ends; a longer one becomes several objects. */
const longestHeld = 64 * 1024;

export interface LogSource {
  /** The trial, or the pod that is of none. */
  readonly name: string;
  readonly pod?: string;
  /** Trials that share the output: each of its lines begins with `[NAME] `. */
  readonly packed?: readonly string[] | undefined;
}

/**
 * Makes of a log one `trial-output` a line, as `make local json=true` prints the output of a trial while it runs:
 * `text` with the line's end, or `base64`. Put together, those of a name are its log.
 */
export class JsonLogLines {
  readonly #source: LogSource;
  #held = Buffer.alloc(0);
  /** Whose line is under way, of which a part has been passed on. */
  #name: string | undefined;

  constructor(source: LogSource) {
    this.#source = source;
  }

  add(chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.concat([this.#held, chunk]);
    let out = '';
    let start = 0;
    for (let end = bytes.indexOf(lineEnd); end !== -1; end = bytes.indexOf(lineEnd, start)) {
      out += this.#format(bytes.subarray(start, end + 1));
      this.#name = undefined;
      start = end + 1;
    }
    if (bytes.length - start > longestHeld) {
      const rest = bytes.subarray(start);
      const length = wholeCharacters(rest);
      out += this.#format(rest.subarray(0, length));
      start += length;
    }
    this.#held = bytes.subarray(start);
    return Buffer.from(out);
  }

  /** What is left when the log ends without a line end. */
  end(): Uint8Array {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return Buffer.from(rest.length === 0 ? '' : this.#format(rest));
  }

  #format(piece: Buffer): string {
    const { name, pod, packed = [] } = this.#source;
    let content = piece;
    if (this.#name === undefined) {
      const [prefix = '', trial = ''] = /^\[([a-z0-9-]{1,63})\] /.exec(piece.toString('latin1', 0, 66)) ?? [];
      const isTheirs = packed.includes(trial);
      this.#name = isTheirs ? trial : name;
      if (isTheirs) content = piece.subarray(prefix.length);
    }
    return `${JSON.stringify({ type: 'trial-output', name: this.#name, pod, ...contentToJson(content) })}\n`;
  }
}

/** Bytes of a line held until it ends, so that the lines of several pods do not mix; longer ones go in pieces. */
const longestHeld = 64 * 1024;

export interface LogLinesOptions {
  /** Before every line; with one, lines are passed on whole. */
  readonly prefix: string;
  /** Shows control characters instead of sending them: a log must not be able to rewrite a terminal. */
  readonly neutralize: boolean;
}

/** Makes a stream of bytes fit to print: lines prefixed, control sequences shown. Holds at most 64 KiB. */
export class LogLines {
  readonly #options: LogLinesOptions;
  readonly #decoder = new TextDecoder();
  #held = '';
  /** The line under way is longer than what is held, and has its prefix already. */
  #isLong = false;

  constructor(options: LogLinesOptions) {
    this.#options = options;
  }

  add(chunk: Uint8Array): Uint8Array {
    const { prefix, neutralize } = this.#options;
    if (prefix === '' && !neutralize) return chunk;
    const text = this.#decoder.decode(chunk, { stream: true });
    return Buffer.from(prefix === '' ? this.#shown(text) : this.#prefixed(text));
  }

  /** What is left when the stream ends; a last line without a line break gets one where others follow. */
  end(): Uint8Array {
    const rest = this.#decoder.decode();
    if (this.#options.prefix === '')
      return Buffer.from(this.#options.neutralize ? show(this.#held + rest) : rest);
    const text = this.#prefixed(rest);
    const held = this.#held;
    this.#held = '';
    const last =
      held === '' ? (this.#isLong ? '\n' : '') : `${this.#isLong ? '' : this.#options.prefix}${held}\n`;
    return Buffer.from(text + (this.#options.neutralize ? show(last) : last));
  }

  /** A colour that is cut in two waits for its other half. */
  #shown(text: string): string {
    const all = this.#held + text;
    this.#held = /\x1b(?:\[[\d;]{0,16})?$/.exec(all)?.[0] ?? '';
    return show(all.slice(0, all.length - this.#held.length));
  }

  #prefixed(text: string): string {
    let out = '';
    let rest = this.#held + text;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      out += `${this.#isLong ? '' : this.#options.prefix}${rest.slice(0, end + 1)}`;
      this.#isLong = false;
      rest = rest.slice(end + 1);
    }
    if (rest.length > longestHeld) {
      out += `${this.#isLong ? '' : this.#options.prefix}${rest}`;
      this.#isLong = true;
      rest = '';
    }
    this.#held = rest;
    return this.#options.neutralize ? show(out) : out;
  }
}

/**
 * Control characters in caret notation, as `cat -v` and `less` show them: escape sequences of a log could move
 * the cursor, rename the window or answer for the user. Tabs, line breaks and the carriage return of progress
 * bars stay; so do colours (`ESC [ numbers m`), which change nothing but the looks.
 */
function show(text: string): string {
  return text.replace(
    /(\x1b\[[\d;]*m)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]/g,
    (control: string, color: string | undefined) => color ?? caret(control.charCodeAt(0)),
  );
}

function caret(code: number): string {
  if (code >= 0x80) return `M-^${String.fromCharCode(code - 0x40)}`;
  return code === 0x7f ? '^?' : `^${String.fromCharCode(code + 0x40)}`;
}

import type { Context } from '../context.ts';

/** Where a sweep is shown: the trials' bytes, our notes between them, and a status line where there can be one. */
export interface Screen {
  /** Whether a status line can be shown; without one, progress is told in notes. */
  readonly hasStatus: boolean;
  readonly color: boolean;
  /** A trial's bytes, passed on as they are. */
  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  /** Our own words, to standard error. */
  note(text: string): void;
  /** Replaces the status line by what `format` gives, now or soon. */
  status(format: () => string): void;
  /** Removes the status line; nothing is shown after it. */
  close(): void;
}

/** A terminal that people watch gets a status line; files, pipes, NO_COLOR and dumb terminals get plain lines. */
export function createScreen(context: Context): Screen {
  const { stderr, env } = context;
  const fancy = stderr.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return fancy ? new TerminalScreen(context) : new PlainScreen(context);
}

class PlainScreen implements Screen {
  readonly hasStatus = false;
  readonly color = false;
  readonly #context: Context;
  /** Whether both streams are one terminal and a trial has left its cursor in the middle of a line. */
  #midLine = false;

  constructor(context: Context) {
    this.#context = context;
  }

  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.#context[stream].write(bytes);
    if (this.#context[stream].isTTY === true) this.#midLine = bytes.at(-1) !== newline;
  }

  note(text: string): void {
    this.#context.stderr.write(this.#midLine && this.#context.stderr.isTTY === true ? `\n${text}` : text);
    this.#midLine = false;
  }

  status(): void {}
  close(): void {}
}

const newline = 0x0a;
/** Least milliseconds between two drawings; the line is also drawn every second, for its clock. */
const drawInterval = 100;

// DECSC and DECRC keep the cursor and the colours a trial has set; the line is drawn without any of them.
const save = '\u001b7\u001b[0m';
const restore = '\u001b8';
const eraseToEnd = '\u001b[K';

/**
 * Draws the status line at the cursor, without a line end, and only where a trial's output has ended with one; then
 * the next byte of output finds the line erased and the cursor where the trial left it.
 */
class TerminalScreen implements Screen {
  readonly hasStatus = true;
  readonly color = true;
  readonly #context: Context;
  #midLine = false;
  #drawn = false;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #format: (() => string) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    const onTerminal = this.#context[stream].isTTY === true;
    if (onTerminal) this.#erase();
    this.#context[stream].write(bytes);
    if (!onTerminal) return;
    this.#midLine = bytes.at(-1) !== newline;
    this.#drawSoon();
  }

  note(text: string): void {
    this.#erase();
    this.#context.stderr.write(this.#midLine ? `\n${text}` : text);
    this.#midLine = false;
    this.#drawSoon();
  }

  status(format: () => string): void {
    this.#format = format;
    this.#drawSoon();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#format = undefined;
    this.#erase();
  }

  #drawSoon(): void {
    if (this.#format === undefined) return;
    const wait = this.#drawnAt + drawInterval - performance.now();
    if (wait <= 0) this.#draw();
    else this.#schedule(wait);
  }

  #draw(): void {
    this.#drawnAt = performance.now();
    if (this.#format !== undefined && !this.#midLine) {
      const line = this.#format().slice(0, Math.max(1, (this.#context.stderr.columns ?? 80) - 1));
      this.#context.stderr.write(`${save}${line}${eraseToEnd}${restore}`);
      this.#drawn = true;
    }
    this.#schedule(1_000);
  }

  #schedule(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#draw(), milliseconds);
    this.#timer.unref();
  }

  #erase(): void {
    if (this.#drawn) this.#context.stderr.write(`${save}${eraseToEnd}${restore}`);
    this.#drawn = false;
  }
}

import type { Writable } from 'node:stream';

/** Characters gathered at most before they are written. */
const most = 64 * 1024;

/**
 * Lines that come one by one, thousands in one turn of the event loop or one a second: those of a turn are written
 * together, as a system call for each would take longer than making them.
 */
export class LineBatch implements Disposable {
  readonly #stream: Writable;
  #text = '';
  #timer: NodeJS.Immediate | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  write(...lines: readonly string[]): void {
    for (const line of lines) this.#text += `${line}\n`;
    if (this.#text.length >= most) this.flush();
    else this.#timer ??= setImmediate(() => this.flush());
  }

  /** Before anything else is said that is to come after them. */
  flush(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    const text = this.#text;
    this.#text = '';
    if (text !== '') this.#stream.write(text);
  }

  [Symbol.dispose](): void {
    this.flush();
  }
}

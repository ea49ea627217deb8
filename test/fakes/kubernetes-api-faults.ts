/** What goes wrong with a request. */
export type Misfortune =
  /** An answer of the server's own, such as 429, 503, 410 or a made-up Status. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A page of a proxy instead of the API. */
  | { readonly kind: 'html'; readonly status: number }
  /** The connection is reset before the request is looked at: nothing was written. */
  | { readonly kind: 'lost-before' }
  /** The request is carried out, then the connection is reset: the write is done, the answer lost. */
  | { readonly kind: 'lost-after' }
  /** The request is carried out, half of the answer is sent, then the connection is reset. */
  | { readonly kind: 'cut-answer' }
  /** No answer, ever. */
  | { readonly kind: 'hang' }
  /** A watch or followed log that sends nothing more, not even its end: a half-open connection. */
  | { readonly kind: 'silence' }
  /** A watch that sends its next event only by half and closes as if all were well. */
  | { readonly kind: 'half-event' }
  /** A watch that is told 410 in the stream with its next event. */
  | { readonly kind: 'expired-event' }
  /** A watch, log or WebSocket whose connection is reset after some bytes of its body. */
  | { readonly kind: 'reset-after'; readonly bytes: number };

export interface Fault {
  readonly what: Misfortune;
  /** Default: every request. */
  readonly when?: (request: { readonly method: string; readonly path: string; readonly url: URL }) => boolean;
  /** How many requests it befalls; default 1. */
  readonly times?: number;
  /** Befalls requests as long as it is true, whatever `times` says. */
  readonly while?: () => boolean;
}

/** The faults in force, consumed in the order they were added. */
export class Faults {
  readonly #faults: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#faults.push({
      fault,
      left: fault.while === undefined ? (fault.times ?? 1) : Number.POSITIVE_INFINITY,
    });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  take(method: string, url: URL): Misfortune | undefined {
    for (const entry of this.#faults) {
      if (entry.left <= 0 || entry.fault.while?.() === false) continue;
      if (entry.fault.when?.({ method, path: url.pathname, url }) === false) continue;
      entry.left -= 1;
      return entry.fault.what;
    }
    return undefined;
  }
}

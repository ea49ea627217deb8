import type { RetryPolicy } from './retry-policy.ts';

/** Answers in a row without a 429 after which one more request may be under way. */
const answersToWiden = 4;

/**
 * Holds requests back: at most `concurrency` at once, fewer after a 429 (halved, then widened one by one), and
 * none before the moment a server has asked everybody to wait for. One gate serves the whole process, since
 * the server's limit is on the user, not on the request.
 */
export class RequestGate {
  readonly #policy: RetryPolicy;
  readonly #waiting: (() => void)[] = [];
  #limit: number;
  #busy = 0;
  #good = 0;
  #closedUntil = 0;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
    this.#limit = policy.concurrency;
  }

  /** Runs when its turn comes; rejects with the signal's reason when that is aborted first. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      this.#admit();
    }
  }

  /** A 429: fewer requests at once, and none for `milliseconds`. */
  narrow(milliseconds: number): void {
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#good = 0;
    this.#closedUntil = Math.max(this.#closedUntil, this.#policy.now() + milliseconds);
  }

  /** An answer that was not a 429. */
  widen(): void {
    if (this.#limit === this.#policy.concurrency) return;
    this.#good += 1;
    if (this.#good < answersToWiden) return;
    this.#good = 0;
    this.#limit += 1;
    this.#admit();
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#busy >= this.#limit) {
      await new Promise<void>((settle, fail) => {
        const turn = (): void => {
          signal.removeEventListener('abort', leave);
          settle();
        };
        const leave = (): void => {
          this.#waiting.splice(this.#waiting.indexOf(turn), 1);
          fail(signal.reason as Error);
        };
        signal.addEventListener('abort', leave, { once: true });
        this.#waiting.push(turn);
      });
    } else this.#busy += 1;
    try {
      for (let rest = this.#rest(); rest > 0; rest = this.#rest()) await this.#policy.sleep(rest, signal);
    } catch (error) {
      this.#busy -= 1;
      this.#admit();
      throw error;
    }
  }

  #rest(): number {
    return this.#closedUntil - this.#policy.now();
  }

  /** The place is taken here, for the one woken, so that nobody slips in between. */
  #admit(): void {
    while (this.#busy < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#busy += 1;
      next();
    }
  }
}

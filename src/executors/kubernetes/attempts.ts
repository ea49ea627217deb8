import { ApiError } from './api-error.ts';
import { isUnauthorized } from './connection-failure.ts';
import { type RetryPolicy, retryDelay } from './retry-policy.ts';

/** What an attempt came to: an answer, or a failure that the policy judges. */
export type Attempted<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly error: Error;
      readonly retry: boolean;
      readonly after?: number | undefined;
    };

/** A slow-down worth telling the user, who otherwise sees nothing move. */
export type Notice = (message: string) => void;

/** How long, and with whom told, something is tried. */
export interface Trying {
  /** Milliseconds for the head of the answer with all attempts, instead of the policy's. */
  readonly overallTimeout?: number;
  /** Told of each attempt that may have been carried out although no answer says so. */
  readonly onLost?: () => void;
  readonly signal: AbortSignal;
}

/** Tries what is asked of one server until an attempt is final, and tells the user what that takes. */
export class Attempts {
  readonly #policy: RetryPolicy;
  /** The server, for messages. */
  readonly #where: string;
  readonly #notice: Notice;
  /** Until then it may not be there. */
  #hasAnswered = false;
  #hasToldSilence = false;

  constructor(policy: RetryPolicy, where: string, notice: Notice) {
    this.#policy = policy;
    this.#where = where;
    this.#notice = notice;
  }

  /** An API server has said something: it is there, and worth waiting for. */
  serverAnswered(): void {
    this.#hasAnswered = true;
  }

  async run<T>(request: Trying, attempt: (signal: AbortSignal) => Promise<Attempted<T>>): Promise<T> {
    // Nobody waits in silence for a server that may not be there.
    const notice = this.#hasAnswered
      ? undefined
      : setTimeout(() => this.#tellSilence(), this.#policy.silence);
    try {
      return await this.#repeat(request, attempt);
    } finally {
      clearTimeout(notice);
    }
  }

  #tellSilence(): void {
    if (this.#hasToldSilence || this.#hasAnswered) return;
    this.#hasToldSilence = true;
    this.#notice(`no answer yet from ${this.#where}, waiting on`);
  }

  async #repeat<T>(request: Trying, attempt: (signal: AbortSignal) => Promise<Attempted<T>>): Promise<T> {
    const deadline = this.#policy.now() + (request.overallTimeout ?? this.#policy.overallTimeout);
    let wasUnauthorized = false;
    for (let failures = 1; ; failures += 1) {
      const result = await attempt(request.signal);
      if (result.ok) return result.value;
      if (isUnauthorized(result.error)) {
        // Once with renewed credentials; a second refusal in a row is final.
        if (wasUnauthorized) throw result.error;
        wasUnauthorized = true;
      }
      request.signal.throwIfAborted();
      if (!(result.error instanceof ApiError) || result.error.status >= 500) request.onLost?.();
      const wait = retryDelay(this.#policy, failures, result.after);
      const isHopeless = !this.#hasAnswered && failures >= this.#policy.firstContactAttempts;
      if (!result.retry || isHopeless || this.#policy.now() + wait > deadline) throw result.error;
      if (failures === 3)
        this.#notice(`the cluster is not answering as it should (${result.error.message}), trying again`);
      await this.#policy.sleep(wait, request.signal);
    }
  }
}

/** Time as the policy sees it; tests give their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** 0 up to 1. */
  random(): number;
}

/** Why an attempt failed. */
export type Trouble =
  /** No whole answer came. `reused`: on a connection kept from before, which servers close at any time. */
  | { readonly kind: 'network'; readonly reused: boolean; readonly final: boolean }
  /** The server is busy or broken. `slow`: it asks for fewer requests. */
  | { readonly kind: 'busy'; readonly slow: boolean; readonly retryAfter: number | undefined }
  /** The answer, or what the server says it got, is not what was sent. */
  | { readonly kind: 'garbled' };

/** What one request has gone through so far. */
export interface Trials {
  /** Failed attempts since the last progress. */
  readonly failures: number;
  /** Milliseconds since the first of these. */
  readonly elapsed: number;
  /** Whether the server has ever answered in this run. */
  readonly answered: boolean;
}

/** After this long without any progress a request is given up. */
export const patience = 120_000;

/** Attempts where waiting does not help: garbled answers, and a server never reached at all. */
const fewAttempts = 5;

/**
 * The milliseconds to wait before the next attempt, or `undefined` to give up. Pure.
 *
 * | trouble                                  | first wait | grows to | given up after |
 * | ---------------------------------------- | ---------- | -------- | -------------- |
 * | a kept connection was closed             | 0          | 5 s      | 120 s          |
 * | network, server answered before          | 100 ms     | 5 s      | 120 s          |
 * | network, server never answered           | 100 ms     | 5 s      | 5 attempts     |
 * | network, certain not to mend (TLS, name) | -          | -        | at once        |
 * | busy                                     | 100 ms     | 5 s      | 120 s          |
 * | slow down                                | 500 ms     | 10 s     | 120 s          |
 * | garbled                                  | 100 ms     | 5 s      | 5 attempts     |
 *
 * Waits are drawn between half and all of the value, so that many clients do not come back at once. A
 * `Retry-After` is obeyed up to 60 s.
 */
export function nextWait(trouble: Trouble, trials: Trials, random: number): number | undefined {
  if (trials.elapsed >= patience) return undefined;
  if (trouble.kind === 'network' && trouble.final) return undefined;
  const few = trouble.kind === 'garbled' || (trouble.kind === 'network' && !trials.answered);
  if (few && trials.failures >= fewAttempts) return undefined;
  if (trouble.kind === 'network' && trouble.reused && trials.failures === 1) return 0;
  const slow = trouble.kind === 'busy' && trouble.slow;
  const full = Math.min(slow ? 10_000 : 5_000, (slow ? 500 : 100) * 2 ** Math.min(trials.failures - 1, 10));
  const drawn = full * (0.5 + random / 2);
  if (trouble.kind === 'busy' && trouble.retryAfter !== undefined)
    return Math.max(drawn, Math.min(trouble.retryAfter, 60_000));
  return drawn;
}

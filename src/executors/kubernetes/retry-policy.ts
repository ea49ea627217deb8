import { setTimeout as sleepFor } from 'node:timers/promises';

/** How hard the client tries; tests give their own clock. All times in milliseconds. */
export interface RetryPolicy {
  /** Requests under way at once; streams (watch, log, exec) do not count. */
  readonly concurrency: number;
  /** For the head of an answer, and between two pieces of its body. */
  readonly attemptTimeout: number;
  /** For a request with all its attempts. */
  readonly overallTimeout: number;
  /** Attempts at a server that has never answered, before saying that it cannot be reached. */
  readonly firstContactAttempts: number;
  /** Without a first answer, before the user is told that it is waited for. */
  readonly silence: number;
  readonly baseDelay: number;
  readonly maxDelay: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export const defaultRetryPolicy: RetryPolicy = {
  concurrency: 32,
  attemptTimeout: 30_000,
  overallTimeout: 300_000,
  firstContactAttempts: 4,
  silence: 5_000,
  baseDelay: 200,
  maxDelay: 10_000,
  // Monotonic: a clock that is set during a run must not end or prolong it.
  now: () => performance.now(),
  random: Math.random,
  sleep: async (milliseconds, signal) => {
    await sleepFor(milliseconds, undefined, { signal });
  },
};

/**
 * Milliseconds to wait before attempt `failures + 1`: what the server asked for, else exponential with "equal
 * jitter" (half fixed, half random), so that many clients spread out and none comes back at once.
 */
export function retryDelay(
  policy: Pick<RetryPolicy, 'baseDelay' | 'maxDelay' | 'random'>,
  failures: number,
  retryAfter: number | undefined,
): number {
  const ceiling = Math.min(policy.maxDelay, policy.baseDelay * 2 ** Math.min(failures - 1, 30));
  const jittered = ceiling / 2 + (ceiling / 2) * policy.random();
  // Everybody was told the same Retry-After: jitter on top of it, never below it.
  return retryAfter === undefined ? jittered : retryAfter + Math.min(jittered, retryAfter / 2 + 50);
}

/** `Retry-After` in milliseconds: seconds or an HTTP date, bounded to five minutes. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const milliseconds = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.min(Math.max(milliseconds, 0), 300_000);
}

/**
 * Whether an answer may be different next time. Every write this client makes can be sent again: creates have
 * fixed names (a second one answers AlreadyExists, which is read back), deletes name a UID, patches are
 * idempotent.
 */
export function isRetryableStatus(status: number): boolean {
  return status === 429 || status === 500 || status === 502 || status === 503 || status === 504;
}

/** Errors of a connection that no later attempt mends. */
export function isPermanentSocketError(code: string | undefined): boolean {
  return (
    code !== undefined &&
    (/CERT|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|ERR_TLS|ERR_SSL|EPROTO|ERR_INVALID|INVALID_PURPOSE/.test(
      code,
    ) ||
      code === 'HPE_INVALID_CONSTANT')
  );
}

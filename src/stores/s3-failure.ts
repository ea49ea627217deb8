import { patience, type Trouble } from './retry.ts';
import { Unusable } from './s3-answer.ts';
import { type Answer, NoAnswer } from './s3-connection.ts';
import { type Asked, explainRefusal, type S3Refusal } from './s3-errors.ts';
import type { S3Settings } from './s3-settings.ts';
import { BrokenXml } from './s3-xml.ts';
import { StoreError } from './store-error.ts';

/** An attempt that did not succeed and may be made again. */
export interface Failure {
  readonly trouble: Trouble;
  /** Whether something new came in before it failed. */
  readonly progress: boolean;
  /** What the server said, where it did. */
  readonly refusal: S3Refusal | undefined;
  readonly cause: unknown;
}

const busyCodes = new Set(['InternalError', 'ServiceUnavailable', 'RequestTimeout', 'OperationAborted']);
const slowCodes = new Set(['SlowDown', 'TooManyRequests', 'RequestLimitExceeded', 'Throttling']);
/** The server says that what it got is not what we sent. */
const garbledCodes = new Set(['BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody', 'InvalidDigest']);

/** What a refusal is worth another attempt for; `undefined`: for nothing. */
export function troubleOf(refusal: S3Refusal, answer: Answer, now: number): Trouble | undefined {
  const { status, code } = refusal;
  const slow = asksForLess(refusal);
  // What a server has not, it will not have later either.
  const busy = status >= 500 && status !== 501;
  if (slow || busy || status === 408 || busyCodes.has(code))
    return { kind: 'busy', slow: slow || status === 503, retryAfter: parseRetryAfter(answer, now) };
  return garbledCodes.has(code) ? { kind: 'garbled' } : undefined;
}

/** Whether the server wants fewer requests at a time. */
export function asksForLess({ status, code }: S3Refusal): boolean {
  // The answer to a HEAD has no body, and so no code.
  return slowCodes.has(code) || status === 429 || (status === 503 && code === '');
}

/** Codes of what OpenSSL finds wrong with a certificate. */
const untrusted = /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|UNABLE_TO_|SELF_SIGNED)/;

/** Sorts what an attempt ended with; throws it again where it is no matter of the network or the answer. */
export function failureOf(error: unknown, answered: boolean): Failure {
  if (error instanceof Unusable || error instanceof BrokenXml) {
    const progress = error instanceof Unusable && error.progress;
    return { trouble: { kind: 'garbled' }, progress, refusal: undefined, cause: error };
  }
  const cause = error instanceof NoAnswer ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  // What cannot be sent at all is no matter of the network.
  if (/^ERR_(INVALID|UNESCAPED)_/.test(code)) throw cause;
  // A body that breaks off is an error of the stream, which has a code as well.
  if (!(error instanceof NoAnswer) && code === '' && !isStreamError(cause)) throw error;
  // A server that has answered before speaks TLS, whatever a load balancer that restarts says.
  const final = untrusted.test(code) || (!answered && /^(ERR_TLS|ERR_SSL|EPROTO)/.test(code));
  const reused = error instanceof NoAnswer && error.reused;
  return { trouble: { kind: 'network', reused, final }, progress: false, refusal: undefined, cause };
}

/** In a few words: what the server says, or what happened on the way to it. */
export function describeFailure({ refusal, cause }: Failure): string {
  if (refusal !== undefined) return refusal.code || `HTTP ${refusal.status}`;
  return cause instanceof Error ? describe(cause) : 'no answer';
}

/** The error for a request that was given up after `elapsed` milliseconds of this trouble. */
export function explainFailure(
  failure: Failure,
  asked: Asked,
  elapsed: number,
  settings: S3Settings,
): StoreError {
  const { refusal, cause } = failure;
  if (refusal !== undefined) return explainRefusal(refusal, asked, settings);
  const { endpoint } = settings;
  const origin = settings.origin('S3_ENDPOINT_URL');
  const why = describeFailure(failure);
  if (failure.trouble.kind === 'garbled') {
    const what = asked.key === undefined ? `bucket "${settings.bucket}"` : `"${asked.key}"`;
    return new StoreError(
      'broken',
      'S3_BROKEN_ANSWER',
      `the answers of ${endpoint.origin} about ${what} cannot be trusted: ${why}`,
      {
        cause,
        exitCode: 3,
        hint: 'nothing was taken from them; try again, or ask who runs the server or a proxy before it',
      },
    );
  }
  const unreachable = (message: string, hint: string) =>
    new StoreError('unreachable', 'S3_UNREACHABLE', message, { cause, exitCode: 3, hint });
  if (endpoint.protocol === 'https:' && isNoTls(cause))
    return unreachable(
      `${endpoint.origin} (S3_ENDPOINT_URL ${origin}) does not speak TLS, which https:// asks for`,
      `if it is the right server, set S3_ENDPOINT_URL=http://${endpoint.host}`,
    );
  if (cause instanceof Error && 'code' in cause && untrusted.test(String(cause.code)))
    return unreachable(
      // Node goes on with advice about its own flags.
      `the certificate of ${endpoint.origin} (S3_ENDPOINT_URL ${origin}) is not trusted here: ${why.split(';')[0]}`,
      'for a server of your own, set AWS_CA_BUNDLE to a file with the certificate authority it uses',
    );
  const tried = elapsed >= patience ? `, for ${Math.round(elapsed / 1000)} s` : '';
  return unreachable(
    `cannot reach ${endpoint.origin} (S3_ENDPOINT_URL ${origin})${tried}: ${why}`,
    isOfProxy(cause, endpoint)
      ? 'the proxy that HTTP_PROXY or HTTPS_PROXY names does not answer: correct that, or set NO_PROXY'
      : 'check the address and the network',
  );
}

function parseRetryAfter({ headers }: Answer, now: number): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

function isStreamError(error: unknown): boolean {
  return error instanceof Error && (error.message === 'aborted' || error.message === 'terminated');
}

/** A connection that was refused at another port than the server's. */
function isOfProxy(cause: unknown, endpoint: URL): boolean {
  const own = Number(endpoint.port) || (endpoint.protocol === 'https:' ? 443 : 80);
  return cause instanceof Error && 'port' in cause && cause.port !== own;
}

/** What OpenSSL says of an answer in plain HTTP. */
function isNoTls(cause: unknown): boolean {
  const text = cause instanceof Error ? `${'code' in cause ? cause.code : ''} ${describe(cause)}` : '';
  return /wrong version number|WRONG_VERSION_NUMBER|packet length too long|http request/i.test(text);
}

/** Errors of a connection to several addresses have an empty message and the reasons inside. */
function describe(error: Error): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors
      .map((each: unknown) => (each instanceof Error ? each.message : String(each)))
      .join('; ');
  return error.message;
}

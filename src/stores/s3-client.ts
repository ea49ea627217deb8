import { setMaxListeners } from 'node:events';
import type { Payload } from './object-store.ts';
import { RequestGate } from './request-gate.ts';
import { type Clock, nextWait, patience, type Trouble } from './retry.ts';
import { ErrorInside, parseAnswer, readText, Unusable } from './s3-answer.ts';
import { type Answer, CallerFailed, NoAnswer, S3Connection } from './s3-connection.ts';
import { explainRefusal, parseRefusal, type S3Refusal } from './s3-errors.ts';
import type { S3Settings } from './s3-settings.ts';
import { BrokenXml, type XmlElement } from './s3-xml.ts';
import { type Credentials, emptyHash, encodePath, encodeQuery, Signer } from './sigv4.ts';
import { StoreError } from './store-error.ts';

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Absent: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: Payload;
}

/** Milliseconds of trouble that nobody needs to hear of. */
const quiet = 5_000;

const busyCodes = new Set(['InternalError', 'ServiceUnavailable', 'RequestTimeout', 'OperationAborted']);
const slowCodes = new Set(['SlowDown', 'TooManyRequests', 'RequestLimitExceeded', 'Throttling']);
/** The server says that what it got is not what we sent. */
const garbledCodes = new Set(['BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody', 'InvalidDigest']);

/**
 * Sends S3 requests by the policy of `retry.ts`: bounded, signed anew at each attempt, with the server's time once it
 * has told us that ours is wrong. Knows S3's errors, and nothing of what the operations mean.
 */
export class S3Client {
  readonly settings: S3Settings;
  readonly #clock: Clock;
  readonly #connection: S3Connection;
  readonly #gate = new RequestGate(256);
  readonly #signer: Signer | undefined;
  readonly #renew: (() => Promise<Credentials>) | undefined;
  readonly #idleTimeout: number;
  readonly #seen = new WeakSet<AbortSignal>();
  /** Milliseconds that the server's clock is ahead of ours. */
  #skew = 0;
  #answered = false;
  readonly #onWait: ((line: string) => void) | undefined;
  /** When it was last told that requests wait. */
  #told = Number.NEGATIVE_INFINITY;

  constructor(
    settings: S3Settings,
    credentials: Credentials | undefined,
    options: {
      readonly clock: Clock;
      /** Credentials that hold now, where they change with time. */
      readonly renew?: (() => Promise<Credentials>) | undefined;
      readonly env: Readonly<Record<string, string | undefined>>;
      readonly idleTimeout?: number;
      /** Certificates of more authorities, PEM. */
      readonly ca?: string | undefined;
      /** Told every 10 s, in a sentence, where the server keeps requests waiting. */
      readonly onWait?: ((line: string) => void) | undefined;
    },
  ) {
    this.settings = settings;
    this.#clock = options.clock;
    this.#idleTimeout = options.idleTimeout ?? 60_000;
    this.#connection = new S3Connection(settings.endpoint, options.ca, options.env);
    this.#renew = options.renew;
    this.#onWait = options.onWait;
    this.#signer = credentials === undefined ? undefined : new Signer(credentials, settings.region);
  }

  /**
   * Makes attempts until `read` has taken an answer in. `request` is called for each, with the trouble of the one
   * before, so that it can ask for what is still missing; `read` throws Unusable to have another. It must read the body to its end.
   */
  async perform<T>(
    request: (before: Trouble | undefined) => S3Request,
    read: (answer: Answer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    if (!this.#seen.has(signal)) {
      this.#seen.add(signal);
      setMaxListeners(0, signal);
    }
    let failures = 0;
    let since = 0;
    let before: Trouble | undefined;
    for (;;) {
      signal.throwIfAborted();
      const asked = request(before);
      const outcome = await this.#attempt(asked, read, signal);
      if ('value' in outcome) return outcome.value;
      before = outcome.trouble;
      const now = this.#clock.now();
      if (outcome.progress || failures === 0) {
        failures = 0;
        since = now;
      }
      failures++;
      const trials = { failures, elapsed: now - since, answered: this.#answered };
      const wait = nextWait(outcome.trouble, trials, this.#clock.random());
      if (wait === undefined) throw this.#giveUp(outcome, asked, now - since);
      this.#tellWaiting(outcome, now - since, wait);
      if (wait > 0) await this.#clock.sleep(wait, signal);
    }
  }

  /** Performs a request whose answer is small; `read` gets the text of the body. */
  async text<T>(
    request: S3Request,
    read: (text: string, answer: Answer) => T,
    signal: AbortSignal,
  ): Promise<T> {
    return await this.perform(
      () => request,
      async (answer) => read(await readText(answer), answer),
      signal,
    );
  }

  /** Performs a request whose answer is XML with this root; anything else is tried again. */
  async xml(request: S3Request, root: string, signal: AbortSignal): Promise<XmlElement> {
    return await this.text(request, (text) => parseAnswer(text, root), signal);
  }

  /** Whether the server says that the body is not what was signed; `undefined` where one attempt cannot tell. */
  async refusesAsDamaged(request: S3Request, signal: AbortSignal): Promise<boolean | undefined> {
    try {
      const outcome = await this.#attempt(request, readText, signal);
      if ('value' in outcome) return false;
      return outcome.trouble.kind === 'garbled' && outcome.refusal !== undefined ? true : undefined;
    } catch {
      // Whatever it is, the request that comes next meets it, too.
      return undefined;
    }
  }

  get signs(): boolean {
    return this.#signer !== undefined;
  }

  close(): void {
    this.#connection.close();
  }

  async #attempt<T>(
    asked: S3Request,
    read: (answer: Answer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ value: T } | Failure> {
    const round = await this.#gate.enter();
    const sent = { round, skew: this.#skew };
    let answer: Answer | undefined;
    try {
      if (this.#renew !== undefined) this.#signer?.use(await this.#renew());
      answer = await this.#connection.send({ ...this.#prepare(asked), signal });
      this.#answered = true;
      if (answer.status >= 300) return this.#refused(answer, await readText(answer), asked, sent);
      const value = await read(answer);
      this.#gate.wentWell();
      return { value };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof StoreError) throw error;
      if (error instanceof CallerFailed) throw error.cause;
      if (error instanceof ErrorInside && answer !== undefined)
        return this.#refused({ ...answer, status: 400 }, error.text, asked, sent);
      return this.#failed(error);
    } finally {
      this.#gate.leave();
    }
  }

  #prepare(asked: S3Request) {
    const { endpoint, bucket } = this.settings;
    const base = endpoint.pathname.replace(/\/+$/, '');
    const path = `${base}/${bucket}${asked.key === undefined ? '' : `/${encodePath(asked.key)}`}`;
    const query = encodeQuery(asked.query ?? {});
    const headers: Record<string, string> = { host: endpoint.host, ...asked.headers };
    const payload = asked.payload;
    if (payload !== undefined || asked.method === 'PUT' || asked.method === 'POST')
      headers['content-length'] = String(payload?.size ?? 0);
    if (payload?.md5 !== undefined)
      headers['content-md5'] = Buffer.from(payload.md5, 'hex').toString('base64');
    const signable = {
      method: asked.method,
      path,
      query,
      headers,
      payloadHash: payload?.sha256 ?? emptyHash,
    };
    Object.assign(headers, this.#signer?.sign(signable, this.#clock.now() + this.#skew));
    return {
      method: asked.method,
      target: query === '' ? path : `${path}?${query}`,
      headers,
      payload,
      idleTimeout: this.#idleTimeout,
    };
  }

  /** Sorts an answer that is no success: worth another attempt, or an error. */
  #refused(
    answer: Answer,
    text: string,
    asked: S3Request,
    sent: { readonly round: number; readonly skew: number },
  ): Failure {
    const refusal = parseRefusal(answer.status, text, answer.headers);
    const { status, code } = refusal;
    const retry = (trouble: Trouble): Failure => ({ trouble, progress: false, refusal, cause: undefined });
    // The answer to a HEAD has no body, and so no code.
    if (slowCodes.has(code) || status === 429 || (status === 503 && code === '')) {
      this.#gate.slowDown(sent.round);
      return retry({ kind: 'busy', slow: true, retryAfter: parseRetryAfter(answer, this.#clock.now()) });
    }
    // What a server has not, it will not have later either.
    const busy = status >= 500 && status !== 501;
    if (busy || status === 408 || busyCodes.has(code))
      return retry({
        kind: 'busy',
        slow: status === 503,
        retryAfter: parseRetryAfter(answer, this.#clock.now()),
      });
    if (garbledCodes.has(code)) return retry({ kind: 'garbled' });
    // Garage says 400 where others say 403.
    if (status >= 400 && status < 500 && this.#correctClock(answer, sent.skew))
      return retry({ kind: 'network', reused: true, final: false });
    throw explainRefusal(refusal, { method: asked.method, key: asked.key }, this.settings);
  }

  /**
   * Takes over the server's time where the one that was `used` is off by more than servers put up with; whether that is
   * worth another attempt, as it is for all that were signed before the correction.
   */
  #correctClock(answer: Answer, used: number): boolean {
    const date = Date.parse(answer.headers.date ?? '');
    if (Number.isNaN(date) || this.#signer === undefined) return false;
    const skew = date - this.#clock.now();
    if (Math.abs(skew - used) < 4 * 60_000) return false;
    this.#skew = skew;
    return true;
  }

  #failed(error: unknown): Failure {
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
    const final =
      /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|UNABLE_TO_|SELF_SIGNED)/.test(code) ||
      (!this.#answered && /^(ERR_TLS|ERR_SSL|EPROTO)/.test(code));
    const reused = error instanceof NoAnswer && error.reused;
    return { trouble: { kind: 'network', reused, final }, progress: false, refusal: undefined, cause };
  }

  /** Requests wait side by side, and who watches wants one line about it, not one for each. */
  #tellWaiting({ refusal, cause }: Failure, elapsed: number, wait: number): void {
    const now = this.#clock.now();
    if (this.#onWait === undefined || elapsed + wait < quiet || now - this.#told < quiet * 2) return;
    this.#told = now;
    const said =
      refusal !== undefined
        ? `${refusal.code || `HTTP ${refusal.status}`}`
        : cause instanceof Error
          ? describe(cause)
          : 'no answer';
    this.#onWait(
      `${this.settings.endpoint.origin} says ${said}: trying again, for ${Math.round(elapsed / 1000)} s so far`,
    );
  }

  #giveUp(failure: Failure, asked: S3Request, elapsed: number): StoreError {
    if (failure.refusal !== undefined)
      return explainRefusal(failure.refusal, { method: asked.method, key: asked.key }, this.settings);
    const { endpoint } = this.settings;
    const origin = this.settings.origin('S3_ENDPOINT_URL');
    const why = failure.cause instanceof Error ? describe(failure.cause) : 'no answer';
    if (failure.trouble.kind === 'garbled') {
      const what = asked.key === undefined ? `bucket "${this.settings.bucket}"` : `"${asked.key}"`;
      return new StoreError(
        'broken',
        'S3_BROKEN_ANSWER',
        `the answers of ${endpoint.origin} about ${what} cannot be trusted: ${why}`,
        {
          cause: failure.cause,
          exitCode: 3,
          hint: 'nothing was taken from them; try again, or ask who runs the server or a proxy before it',
        },
      );
    }
    if (endpoint.protocol === 'https:' && isNoTls(failure.cause))
      return new StoreError(
        'unreachable',
        'S3_UNREACHABLE',
        `${endpoint.origin} (S3_ENDPOINT_URL ${origin}) does not speak TLS, which https:// asks for`,
        {
          cause: failure.cause,
          exitCode: 3,
          hint: `if it is the right server, set S3_ENDPOINT_URL=http://${endpoint.host}`,
        },
      );
    const tried = elapsed >= patience ? `, for ${Math.round(elapsed / 1000)} s` : '';
    return new StoreError(
      'unreachable',
      'S3_UNREACHABLE',
      `cannot reach ${endpoint.origin} (S3_ENDPOINT_URL ${origin})${tried}: ${why}`,
      {
        cause: failure.cause,
        exitCode: 3,
        hint: 'check the address and the network',
      },
    );
  }
}

interface Failure {
  readonly trouble: Trouble;
  readonly progress: boolean;
  readonly refusal: S3Refusal | undefined;
  readonly cause: unknown;
}

function parseRetryAfter(answer: Answer, now: number): number | undefined {
  const text = answer.headers['retry-after'];
  if (text === undefined) return undefined;
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

function isStreamError(error: unknown): boolean {
  return error instanceof Error && (error.message === 'aborted' || error.message === 'terminated');
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

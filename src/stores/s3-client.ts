import { setMaxListeners } from 'node:events';
import type { Payload } from './object-store.ts';
import { RequestGate } from './request-gate.ts';
import { type Clock, nextWait, type Trouble } from './retry.ts';
import { ErrorInside, parseAnswer, readText } from './s3-answer.ts';
import { type Answer, CallerFailed, S3Connection } from './s3-connection.ts';
import { explainRefusal, parseRefusal } from './s3-errors.ts';
import {
  asksForLess,
  describeFailure,
  explainFailure,
  type Failure,
  failureOf,
  troubleOf,
} from './s3-failure.ts';
import type { S3Settings } from './s3-settings.ts';
import type { XmlElement } from './s3-xml.ts';
import { type Credentials, emptyHash, encodePath, encodeQuery, Signer } from './sigv4.ts';
import { SilenceWatch } from './silence-watch.ts';
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
      /** Told in a sentence where the server keeps requests waiting: every 10 s, and once where it falls silent. */
      readonly onWait?: ((line: string) => void) | undefined;
    },
  ) {
    this.settings = settings;
    this.#clock = options.clock;
    this.#idleTimeout = options.idleTimeout ?? 60_000;
    const { origin } = settings.endpoint;
    const watch = options.onWait && new SilenceWatch(options.onWait, origin, this.#idleTimeout);
    this.#connection = new S3Connection(settings.endpoint, options.ca, options.env, watch);
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
      if (wait === undefined) throw explainFailure(outcome, asked, now - since, this.settings);
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

  /**
   * What a server answers to a body that is not what was signed: that it is not, or what `read` makes of its taking it;
   * `undefined` where one attempt cannot tell.
   */
  async sendDamaged<T>(
    request: S3Request,
    read: (answer: Answer) => T,
    signal: AbortSignal,
  ): Promise<'refused' | T | undefined> {
    try {
      const taken = async (answer: Answer) => {
        await readText(answer);
        return read(answer);
      };
      const outcome = await this.#attempt(request, taken, signal);
      if ('value' in outcome) return outcome.value;
      return outcome.trouble.kind === 'garbled' && outcome.refusal !== undefined ? 'refused' : undefined;
    } catch (error) {
      // Garage calls it InvalidRequest, and s3proxy a wrong signature. What else is wrong, the next request meets as well.
      const names = /sha-?256|digest|checksum|signature/i;
      return error instanceof StoreError && names.test(error.message) ? 'refused' : undefined;
    }
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
      return failureOf(error, this.#answered);
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
    const failure = (trouble: Trouble): Failure => ({ trouble, progress: false, refusal, cause: undefined });
    const trouble = troubleOf(refusal, answer, this.#clock.now());
    if (asksForLess(refusal)) this.#gate.slowDown(sent.round);
    if (trouble !== undefined) return failure(trouble);
    // Garage says 400 where others say 403.
    if (answer.status >= 400 && answer.status < 500 && this.#correctClock(answer, sent.skew))
      return failure({ kind: 'network', reused: true, final: false });
    throw explainRefusal(refusal, asked, this.settings);
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

  /** Requests wait side by side, and who watches wants one line about it, not one for each. */
  #tellWaiting(failure: Failure, elapsed: number, wait: number): void {
    const now = this.#clock.now();
    if (this.#onWait === undefined || elapsed + wait < quiet || now - this.#told < quiet * 2) return;
    this.#told = now;
    const seconds = Math.round(elapsed / 1000);
    this.#onWait(
      `${this.settings.endpoint.origin} says ${describeFailure(failure)}: trying again, for ${seconds} s so far`,
    );
  }
}

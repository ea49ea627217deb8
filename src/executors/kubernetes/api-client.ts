import type { IncomingMessage } from 'node:http';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { checkAnswer, describeType, notAnApi, parseStatus, readBody } from './api-answer.ts';
import { ApiError } from './api-error.ts';
import type { Connection } from './connection.ts';
import { RequestGate } from './request-gate.ts';
import {
  defaultRetryPolicy,
  isPermanentSocketError,
  isRetryableStatus,
  parseRetryAfter,
  type RetryPolicy,
  retryDelay,
} from './retry-policy.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Absolute path with its query. */
  readonly path: string;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly accept?: string;
  /** Milliseconds for the head of the answer, instead of the policy's; then it is not asked again. */
  readonly headTimeout?: number;
  /** Milliseconds for the head of the answer with all attempts, instead of the policy's. */
  readonly overallTimeout?: number;
  /** Told of each attempt that may have been carried out although no answer says so. */
  readonly onLost?: () => void;
  readonly signal: AbortSignal;
}

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

/**
 * Requests to one API server under one policy: bounded concurrency, `Retry-After`, jittered backoff, deadlines
 * an attempt and overall, credentials renewed on 401.
 *
 * The library's generated clients are not used: of version 2.0.1 a 429 is not retried, a followed log whose
 * socket resets ends in an uncaught exception, a truncated watch line is dropped and a 410 resolves.
 */
export class ApiClient {
  readonly connection: Connection;
  readonly #policy: RetryPolicy;
  readonly #gate: RequestGate;
  readonly #notice: Notice;
  /** Warnings of the server already shown: it repeats them with every object. */
  readonly #warned = new Set<string>();
  #hasAnswered = false;
  #hasToldSilence = false;
  /** Milliseconds by which the server's clock is ahead of ours. */
  #skew = 0;

  constructor(connection: Connection, options: { policy?: Partial<RetryPolicy>; notice?: Notice } = {}) {
    this.connection = connection;
    this.#policy = { ...defaultRetryPolicy, ...options.policy };
    this.#gate = new RequestGate(this.#policy);
    this.#notice = options.notice ?? (() => undefined);
  }

  get policy(): RetryPolicy {
    return this.#policy;
  }

  /**
   * The JSON answer of a request that succeeds.
   *
   * @throws ApiError when the server refuses
   * @throws DiagnosticError KUBE_UNREACHABLE, KUBE_NOT_AN_API, KUBE_UNAUTHORIZED, KUBE_CREDENTIALS
   */
  async request<T>(request: ApiRequest): Promise<T> {
    return JSON.parse(await this.requestText(request)) as T;
  }

  /** The same, not parsed: whoever needs only a part of a long answer, or none, saves the time. */
  async requestText(request: ApiRequest): Promise<string> {
    return this.persist(request, (signal) =>
      this.#gate.run(signal, () =>
        this.#attempt(request, signal, async (response, alive) => {
          const text = await readBody(response, alive);
          checkAnswer(text, response, this.connection.where);
          return text;
        }),
      ),
    );
  }

  /**
   * The answer of a request that succeeds, to be read as it comes. Only the head is retried; a body that breaks
   * off, or of which nothing comes for `quiet` milliseconds, rejects, and the caller knows where it was.
   */
  async stream(request: ApiRequest & { readonly quiet: number }): Promise<AsyncGenerator<Buffer>> {
    const response = await this.persist(request, (signal) =>
      this.#attempt(request, signal, async (head) => head, true),
    );
    return this.#chunks(response, request);
  }

  async *#chunks(
    response: IncomingMessage,
    { quiet, signal }: { readonly quiet: number; readonly signal: AbortSignal },
  ): AsyncGenerator<Buffer> {
    let isWaited = true;
    const watchdog = setTimeout(() => {
      // Whoever reads on a terminal may take their time.
      if (isWaited) response.destroy(new TimeoutError(quiet));
      else watchdog.refresh();
    }, quiet);
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        isWaited = false;
        yield chunk;
        isWaited = true;
        watchdog.refresh();
      }
    } catch (error) {
      signal.throwIfAborted();
      throw this.#unreachable(error as Error);
    } finally {
      clearTimeout(watchdog);
      response.destroy();
    }
  }

  /** Milliseconds since the epoch by the server's clock, which time stamps of objects are made with. */
  serverTime(): number {
    return Date.now() + this.#skew;
  }

  close(): void {
    this.connection.close();
  }

  /** Carries out anything that is asked of the server under the policy: attempts until one is final. */
  async persist<T>(
    request: Pick<ApiRequest, 'signal' | 'onLost' | 'overallTimeout'>,
    attempt: (signal: AbortSignal) => Promise<Attempted<T>>,
  ): Promise<T> {
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
    this.#notice(`no answer yet from ${this.connection.where}, waiting on`);
  }

  async #repeat<T>(
    request: Pick<ApiRequest, 'signal' | 'onLost' | 'overallTimeout'>,
    attempt: (signal: AbortSignal) => Promise<Attempted<T>>,
  ): Promise<T> {
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

  async #attempt<T>(
    request: ApiRequest,
    signal: AbortSignal,
    read: (response: IncomingMessage, alive: () => void) => Promise<T>,
    isStream = false,
  ): Promise<Attempted<T>> {
    const credential = await this.connection.credential(signal);
    // Aborted meanwhile: a listener that is added now would never hear of it.
    signal.throwIfAborted();
    // One controller for both, by hand: AbortSignal.any costs a tenth of a request.
    const watchdog = new AbortController();
    const timeout = request.headTimeout ?? this.#policy.attemptTimeout;
    const expire = (): void => watchdog.abort(new TimeoutError(timeout));
    const abort = (): void => watchdog.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(expire, timeout);
    let isOpen = false;
    try {
      const response = await this.connection.send(
        {
          method: request.method ?? 'GET',
          path: request.path,
          headers: {
            accept: request.accept ?? 'application/json',
            'user-agent': 'kube-toolbox',
            ...(isStream || this.connection.isLocal ? {} : { 'accept-encoding': 'gzip' }),
            ...(request.body === undefined
              ? {}
              : { 'content-type': request.contentType ?? 'application/json' }),
          },
          ...(request.body === undefined
            ? {}
            : { body: typeof request.body === 'string' ? request.body : JSON.stringify(request.body) }),
          signal: watchdog.signal,
        },
        credential,
      );
      this.#warn(response);
      const date = Date.parse(response.headers.date ?? '');
      // Whole seconds: what is less than two of them may be the network.
      this.#skew = Number.isNaN(date) || Math.abs(date - Date.now()) < 2000 ? 0 : date - Date.now();
      const status = response.statusCode ?? 0;
      if (status !== 429) this.#gate.widen();
      if (status >= 200 && status < 300) {
        const value = await read(response, () => timer.refresh());
        // The caller reads on: the signal must still end it.
        if (isStream) {
          isOpen = true;
          response.once('close', () => signal.removeEventListener('abort', abort));
        }
        this.#hasAnswered = true;
        return { ok: true, value };
      }
      return this.judge(response, await readBody(response, () => timer.refresh()), credential);
    } catch (error) {
      if (error instanceof DiagnosticError) return { ok: false, error, retry: false };
      const cause = watchdog.signal.aborted ? (watchdog.signal.reason as Error) : (error as Error);
      const isFinal =
        isPermanentSocketError(codeOf(cause)) ||
        (request.headTimeout !== undefined && cause instanceof TimeoutError);
      return { ok: false, error: this.#unreachable(cause), retry: !isFinal };
    } finally {
      clearTimeout(timer);
      if (!isOpen) signal.removeEventListener('abort', abort);
    }
  }

  /** What an answer that is no success comes to. */
  judge<T>(
    response: IncomingMessage,
    text: string,
    credential: Parameters<Connection['renewCredential']>[0],
  ): Attempted<T> {
    const status = response.statusCode ?? 0;
    if (status === 401) {
      const error = new DiagnosticError(
        errorDiagnostic(
          'KUBE_UNAUTHORIZED',
          `${this.connection.where} does not accept the credentials of context "${this.connection.access.context}"`,
          {
            hint: 'sign in again, or fetch a new kubeconfig; then: kubectl auth whoami',
          },
        ),
        3,
      );
      return { ok: false, error, retry: this.connection.renewCredential(credential), after: 0 };
    }
    const body = parseStatus(text);
    const retryAfter =
      parseRetryAfter(response.headers['retry-after'], Date.now()) ??
      (body?.details?.retryAfterSeconds === undefined ? undefined : body.details.retryAfterSeconds * 1000);
    if (status === 429) this.#gate.narrow(retryAfter ?? 0);
    const isRetryable = isRetryableStatus(status);
    if (body === undefined && !isRetryable)
      return { ok: false, error: notAnApi(this.connection.where, status, response, text), retry: false };
    // A Status, even a 503, is the word of an API server: it is there, and worth waiting for.
    if (body?.kind === 'Status') this.#hasAnswered = true;
    return {
      ok: false,
      error: new ApiError(status, body ?? { message: `HTTP ${status}${describeType(response)}` }),
      retry: isRetryable,
      after: retryAfter,
    };
  }

  #unreachable(cause: Error): DiagnosticError {
    const code = codeOf(cause);
    const isTls = isPermanentSocketError(code);
    return new DiagnosticError(
      errorDiagnostic(
        isTls ? 'KUBE_TLS' : 'KUBE_UNREACHABLE',
        `cannot reach the cluster at ${this.connection.where}: ${describeSocketError(cause)}`,
        {
          cause,
          hint: isTls
            ? 'the certificate authority in the kubeconfig is not the one the server uses: fetch a new kubeconfig'
            : `is the VPN on? context "${this.connection.access.context}" of the kubeconfig names this server`,
        },
      ),
      3,
    );
  }

  #warn(response: IncomingMessage): void {
    const header = response.headers['warning'];
    if (header === undefined) return;
    for (const [, message = ''] of String(header).matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)) {
      const warning = message.replace(/\\(.)/g, '$1');
      if (this.#warned.has(warning)) continue;
      this.#warned.add(warning);
      this.#notice(`warning of the cluster: ${warning}`);
    }
  }
}

function isUnauthorized(error: Error): boolean {
  return error instanceof DiagnosticError && error.diagnostics[0]?.code === 'KUBE_UNAUTHORIZED';
}

/** Whether a request ended because its answer did not begin, or go on, in time. */
export function isTimeout(error: unknown): error is DiagnosticError {
  return error instanceof DiagnosticError && error.diagnostics[0]?.cause instanceof TimeoutError;
}

class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(milliseconds: number) {
    super(`no answer for ${milliseconds / 1000} s`);
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function describeSocketError(cause: Error): string {
  const descriptions: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'the connection was refused',
    ENOTFOUND: 'its name is not known',
    EAI_AGAIN: 'its name cannot be looked up',
    ECONNRESET: 'the connection was reset',
    EHOSTUNREACH: 'there is no route to it',
    ENETUNREACH: 'the network is unreachable',
    EPIPE: 'the connection was closed',
  };
  return descriptions[codeOf(cause) ?? ''] ?? cause.message;
}

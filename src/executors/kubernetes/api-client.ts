import type { IncomingMessage } from 'node:http';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import {
  checkAnswer,
  describeType,
  notAnApi,
  parseStatus,
  parseWarnings,
  readBody,
  readChunks,
} from './api-answer.ts';
import { ApiError } from './api-error.ts';
import { type Attempted, Attempts, type Notice, type Trying } from './attempts.ts';
import type { Connection } from './connection.ts';
import { codeOf, TimeoutError, unauthorized, unreachable } from './connection-failure.ts';
import { RequestGate } from './request-gate.ts';
import {
  defaultRetryPolicy,
  isPermanentSocketError,
  isRetryableStatus,
  parseRetryAfter,
  type RetryPolicy,
} from './retry-policy.ts';

export interface ApiRequest extends Trying {
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
}

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
  readonly #attempts: Attempts;
  /** Warnings of the server already shown: it repeats them with every object. */
  readonly #warned = new Set<string>();
  /** Milliseconds by which the server's clock is ahead of ours. */
  #skew = 0;

  constructor(connection: Connection, options: { policy?: Partial<RetryPolicy>; notice?: Notice } = {}) {
    this.connection = connection;
    this.#policy = { ...defaultRetryPolicy, ...options.policy };
    this.#gate = new RequestGate(this.#policy);
    this.#notice = options.notice ?? (() => undefined);
    this.#attempts = new Attempts(this.#policy, connection.where, this.#notice);
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
    return readChunks(response, request, this.connection);
  }

  /** Milliseconds since the epoch by the server's clock, which time stamps of objects are made with. */
  serverTime(): number {
    return Date.now() + this.#skew;
  }

  close(): void {
    this.connection.close();
  }

  /** Carries out anything that is asked of the server under the policy: attempts until one is final. */
  persist<T>(request: Trying, attempt: (signal: AbortSignal) => Promise<Attempted<T>>): Promise<T> {
    return this.#attempts.run(request, attempt);
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
        this.#attempts.serverAnswered();
        return { ok: true, value };
      }
      return this.judge(response, await readBody(response, () => timer.refresh()), credential);
    } catch (error) {
      if (error instanceof DiagnosticError) return { ok: false, error, retry: false };
      const cause = watchdog.signal.aborted ? (watchdog.signal.reason as Error) : (error as Error);
      const isFinal =
        isPermanentSocketError(codeOf(cause)) ||
        (request.headTimeout !== undefined && cause instanceof TimeoutError);
      return { ok: false, error: unreachable(cause, this.connection), retry: !isFinal };
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
      const error = unauthorized(this.connection);
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
    if (body?.kind === 'Status') this.#attempts.serverAnswered();
    return {
      ok: false,
      error: new ApiError(status, body ?? { message: `HTTP ${status}${describeType(response)}` }),
      retry: isRetryable,
      after: retryAfter,
    };
  }

  #warn(response: IncomingMessage): void {
    const header = response.headers['warning'];
    if (header === undefined) return;
    for (const warning of parseWarnings(String(header))) {
      if (this.#warned.has(warning)) continue;
      this.#warned.add(warning);
      this.#notice(`warning of the cluster: ${warning}`);
    }
  }
}

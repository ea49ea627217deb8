import type http from 'node:http';
import { type DirectBody, DirectSocket, NotPlain, restLimit } from './direct-socket.ts';
import type { Payload } from './object-store.ts';
import { conversationOf, type SilenceWatch } from './silence-watch.ts';
import { writePayload } from './write-payload.ts';

/** One attempt of one request, ready to be sent. */
export interface Attempt {
  readonly method: string;
  /** Encoded path, with `?query` where there is one. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Payload | undefined;
  /** Milliseconds without a byte in either direction before the attempt is given up. */
  readonly idleTimeout: number;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: http.IncomingMessage | DirectBody;
  /** Whether the connection had served another request before. */
  readonly reused: boolean;
}

/** The attempt got no answer; `reused` as in {@link Answer}. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly reused: boolean;

  constructor(cause: unknown, reused: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.reused = reused;
  }
}

/** What the caller gave failed, not the network: its bytes could not be read, or those that came not be written. */
export class CallerFailed extends Error {
  override readonly name = 'CallerFailed';

  constructor(cause: unknown) {
    super('the caller failed', { cause });
  }
}

/** Kept connections to one server. Knows HTTP, and nothing of S3. */
export class S3Connection {
  readonly #endpoint: URL;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;
  readonly #active = new WeakMap<AbortSignal, Set<Destroyable>>();
  /** Whether sockets of our own are used where they can: not by TLS, nor over a proxy, nor where it did not do. */
  #direct: boolean;
  readonly #idle: DirectSocket[] = [];
  readonly #silence: SilenceWatch | undefined;

  constructor(
    endpoint: URL,
    /** Certificates of more authorities, PEM. */
    ca: string | undefined,
    env: Readonly<Record<string, string | undefined>>,
    silence?: SilenceWatch,
  ) {
    this.#silence = silence;
    this.#endpoint = endpoint;
    const secure = endpoint.protocol === 'https:';
    const options = {
      keepAlive: true,
      scheduling: 'lifo',
      timeout: restLimit,
      // The proxy variables that curl and the SDKs obey.
      proxyEnv: {
        HTTP_PROXY: env['HTTP_PROXY'] ?? env['http_proxy'],
        HTTPS_PROXY: env['HTTPS_PROXY'] ?? env['https_proxy'],
        NO_PROXY: env['NO_PROXY'] ?? env['no_proxy'],
      },
    } as const satisfies http.AgentOptions;
    this.#direct = !secure && options.proxyEnv.HTTP_PROXY === undefined;
    // Importing them would copy all their exports, and one of those loads a whole WebSocket client: 30 ms; TLS takes 5.
    const { request, Agent } = process.getBuiltinModule(secure ? 'node:https' : 'node:http');
    this.#request = request;
    this.#agent = new Agent({
      ...options,
      ...(secure && ca !== undefined && { ca: withDefaultCertificates(ca) }),
    });
  }

  /** Settles with the answer's head; its body is still to be read. Rejects with NoAnswer or the signal's reason. */
  async send(attempt: Attempt): Promise<Answer> {
    const content = this.#direct ? contentOf(attempt) : undefined;
    if (content === undefined) return await this.#send(attempt);
    return (await this.#sendDirectly(attempt, content)) ?? (await this.#send(attempt));
  }

  /** `undefined`: this server wants a real client. */
  async #sendDirectly(attempt: Attempt, [content]: readonly Uint8Array[]): Promise<Answer | undefined> {
    const { signal, method, target, headers } = attempt;
    signal.throwIfAborted();
    let socket = this.#idle.pop();
    while (socket?.usable === false) socket = this.#idle.pop();
    const used = socket ?? new DirectSocket({ host: this.#host, port: Number(this.#endpoint.port || 80) });
    const reused = used.used;
    const active = this.#activeUnder(signal).add(used);
    const inTime = limitTime(attempt, used);
    this.#silence?.begin(used);
    const end = () => {
      active.delete(used);
      clearTimeout(inTime);
      this.#silence?.end(used);
    };
    try {
      const answer = await used.ask({ method, target, headers, content }, attempt.idleTimeout, (reusable) => {
        end();
        if (reusable) this.#idle.push(used);
        else used.destroy();
      });
      return { ...answer, reused };
    } catch (error) {
      end();
      used.destroy();
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof NotPlain)) throw this.#noAnswer(error, reused);
      this.#direct = false;
      return undefined;
    }
  }

  #send(attempt: Attempt): Promise<Answer> {
    const { method, target, headers, payload, signal } = attempt;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const request = this.#request({
        agent: this.#agent,
        protocol: this.#endpoint.protocol,
        hostname: this.#host,
        port: this.#endpoint.port,
        method,
        path: target,
        headers: { ...headers },
      });
      const active = this.#activeUnder(signal).add(request);
      const inTime = limitTime(attempt, request);
      const conversation = this.#silence && conversationOf(request);
      if (conversation !== undefined) this.#silence?.begin(conversation);
      request.once('close', () => {
        active.delete(request);
        clearTimeout(inTime);
        if (conversation !== undefined) this.#silence?.end(conversation);
      });
      request.setTimeout(attempt.idleTimeout, () =>
        request.destroy(new Error(`no byte for ${attempt.idleTimeout / 1000} s`)),
      );
      let answered = false;
      request.once('response', (body) => {
        answered = true;
        resolve({ status: body.statusCode ?? 0, headers: body.headers, body, reused: request.reusedSocket });
      });
      request.on('error', (error) => {
        answered = true;
        reject(signal.aborted ? signal.reason : this.#noAnswer(error, request.reusedSocket));
      });
      const pieces = payload === undefined || payload.size === 0 ? [] : payload.open();
      // Bytes that are there at once leave in one packet with the head.
      if (Array.isArray(pieces) && pieces.length <= 1) request.end(pieces[0]);
      else if (payload !== undefined)
        writePayload(request, pieces, payload.size, () => answered || request.destroyed).catch(
          (error: unknown) => {
            request.destroy();
            reject(new CallerFailed(error));
          },
        );
    });
  }

  close(): void {
    this.#silence?.close();
    this.#agent.destroy();
    this.#closeIdle();
  }

  /** Where one kept connection has died, the others that rest have died with it, and each would cost a timeout. */
  #noAnswer(error: unknown, reused: boolean): NoAnswer {
    if (reused) this.#closeIdle();
    return new NoAnswer(error, reused);
  }

  #closeIdle(): void {
    for (const sockets of Object.values(this.#agent.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
    for (const socket of this.#idle.splice(0)) socket.destroy();
  }

  get #host(): string {
    return this.#endpoint.hostname.replace(/^\[(.*)\]$/, '$1');
  }

  /** The requests that a signal ends: one listener for all, since adding one looks through those that are there. */
  #activeUnder(signal: AbortSignal): Set<Destroyable> {
    let requests = this.#active.get(signal);
    if (requests === undefined) {
      const all = new Set<Destroyable>();
      const end = () => {
        for (const request of all) request.destroy(new Error('aborted'));
      };
      signal.addEventListener('abort', end, { once: true });
      this.#active.set(signal, all);
      requests = all;
    }
    return requests;
  }
}

function withDefaultCertificates(ca: string): string[] {
  return [...process.getBuiltinModule('node:tls').getCACertificates('default'), ca];
}

/** The body, in one piece or none, where sockets of our own can send it: of ranges, and of what is put from memory. */
function contentOf({ method, headers, payload }: Attempt): readonly Uint8Array[] | undefined {
  if (method === 'GET') return headers['range'] === undefined ? undefined : [];
  // Asking twice, where the answer is not of the one kind, does no harm to what is put.
  if (method !== 'PUT' || payload === undefined) return undefined;
  const pieces = payload.size === 0 ? [] : payload.open();
  return Array.isArray(pieces) && pieces.length <= 1 ? pieces : undefined;
}

/**
 * Ends an attempt that goes on and on, a byte now and then: after ten times as long as it may be silent, and a
 * millisecond more for each byte that is sent. What has come in of a body counts, and is not asked for again.
 */
function limitTime({ idleTimeout, payload }: Attempt, target: Destroyable): NodeJS.Timeout {
  const longest = idleTimeout * 10 + (payload?.size ?? 0);
  const end = () => {
    const error = new Error(`not done in ${Math.round(longest / 1000)} s`);
    target.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  };
  // The longest that a timer can be told.
  return setTimeout(end, Math.min(longest, 2 ** 31 - 1)).unref();
}

interface Destroyable {
  destroy(error: Error): void;
}

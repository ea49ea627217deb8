import {
  type Agent,
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { type Credential, Credentials } from './credentials.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { connectThrough, proxyFor } from './proxy.ts';

/** One attempt of a request. */
export interface Attempt {
  readonly method: string;
  /** Absolute path with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly signal: AbortSignal;
}

/** What a WebSocket library needs to make its own connection with the same identity. */
export interface SocketOptions {
  readonly url: string;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** For {@link Connection.renewCredential} where the server does not take it. */
  readonly credential: Credential;
}

/**
 * One cluster, reached over kept-alive HTTP/1.1 connections. Sends each request once and says what came back:
 * whether to try again is the client's business.
 */
export class Connection {
  readonly access: ClusterAccess;
  readonly #url: URL;
  readonly #credentials: Credentials;
  readonly #proxy: URL | undefined;
  #agent: { readonly agent: Agent; readonly cert: unknown } | undefined;
  readonly #firstSent = Promise.withResolvers<void>();

  constructor(access: ClusterAccess, env: Readonly<Record<string, string | undefined>>, now: () => number) {
    this.access = access;
    this.#url = new URL(access.server);
    this.#credentials = new Credentials(access.user, env, now);
    this.#proxy = proxyFor(this.#url, access.proxyUrl, env);
  }

  /** For messages: the server, and the proxy in front of it. */
  get where(): string {
    return `${this.access.server}${this.#proxy === undefined ? '' : ` through the proxy ${this.#proxy.host}`}`;
  }

  /** Whether the server is this machine, where compressing an answer only costs time. */
  get isLocal(): boolean {
    return this.#proxy === undefined && /^(localhost|127\..*|\[::1\])$/.test(this.#url.hostname);
  }

  /** Settles when the first request is on its way, or has failed there; not without a credential to make one with. */
  get firstSent(): Promise<void> {
    return this.#firstSent.promise;
  }

  credential(signal: AbortSignal): Promise<Credential> {
    return this.#credentials.get(signal);
  }

  /** @see Credentials.renew */
  renewCredential(rejected: Credential): boolean {
    return this.#credentials.renew(rejected);
  }

  /** Settles with the head of the answer; rejects with the socket's error. */
  send(attempt: Attempt, credential: Credential): Promise<IncomingMessage> {
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((settle, fail) => {
      const request: ClientRequest = send({
        hostname: this.#url.hostname.replace(/^\[|\]$/g, ''),
        port: this.#url.port || undefined,
        path: this.#path(attempt.path),
        method: attempt.method,
        agent: this.#agentFor(credential),
        signal: attempt.signal,
        headers: {
          ...(credential.headers as Record<string, string | string[]>),
          ...attempt.headers,
          // Without a length Node sends chunks, and a proxy may refuse those.
          ...(attempt.body === undefined ? {} : { 'content-length': Buffer.byteLength(attempt.body) }),
        },
      });
      request.once('finish', this.#firstSent.resolve);
      request.once('close', this.#firstSent.resolve);
      request.on('response', settle);
      request.on('error', fail);
      request.end(attempt.body);
    });
  }

  async socketOptions(path: string, signal: AbortSignal): Promise<SocketOptions> {
    const credential = await this.#credentials.get(signal);
    const url = new URL(this.#url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return {
      url: `${url.protocol}//${url.host}${this.#path(path)}`,
      agent: this.#agentFor(credential),
      headers: credential.headers,
      credential,
    };
  }

  /** Closes idle connections, which would keep the process alive for a while. */
  close(): void {
    this.#credentials.close();
    this.#agent?.agent.destroy();
  }

  /** The server's own path comes first: Rancher and others serve a cluster under `/k8s/clusters/ID`. */
  #path(path: string): string {
    return `${this.#url.pathname.replace(/\/$/, '')}${path}`;
  }

  /** One agent for all requests; a new one only when a plugin has given a new client certificate. */
  #agentFor(credential: Credential): Agent {
    if (this.#agent !== undefined && this.#agent.cert === credential.cert) return this.#agent.agent;
    const old = this.#agent?.agent;
    if (old !== undefined) {
      // What is under way ends by itself; nothing is kept for later.
      old.maxFreeSockets = 0;
      for (const sockets of Object.values(old.freeSockets)) for (const each of sockets ?? []) each.destroy();
    }
    const { tls } = this.access;
    const keepAlive = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 256, noDelay: true };
    const secure = {
      // Made once: building a context for each connection parses the certificates again.
      secureContext: secureContextOf(tls.ca, credential),
      ...(tls.servername === undefined ? {} : { servername: tls.servername }),
      ...(tls.rejectUnauthorized === false ? { rejectUnauthorized: false } : {}),
    };
    const isHttps = this.#url.protocol === 'https:';
    const agent = isHttps ? new HttpsAgent({ ...keepAlive, ...secure }) : new HttpAgent(keepAlive);
    const proxy = this.#proxy;
    if (proxy !== undefined) this.#connectThroughProxy(agent, proxy, isHttps ? secure : undefined);
    this.#agent = { agent, cert: credential.cert };
    return agent;
  }

  #connectThroughProxy(agent: Agent, proxy: URL, secure: object | undefined): void {
    const host = this.#url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(this.#url.port || (secure === undefined ? 80 : 443));
    const tunnels = agent as unknown as {
      createConnection: (options: object, done: (error: Error | null, socket?: Socket) => void) => void;
    };
    tunnels.createConnection = (_options, done) => {
      connectThrough(proxy, host, port, AbortSignal.timeout(30_000)).then(
        (socket) => {
          if (secure === undefined) return done(null, socket);
          // A server name is never an address (RFC 6066); the certificate is then checked against `host`.
          done(
            null,
            connectTls({ ...(isIP(host) === 0 ? { servername: host } : {}), host, ...secure, socket }),
          );
        },
        (error: Error) => done(error),
      );
    };
  }
}

/** @throws DiagnosticError KUBE_CONFIG_INVALID when one of them is no PEM, or key and certificate do not match */
function secureContextOf(ca: Buffer | undefined, { cert, key }: Credential): SecureContext {
  try {
    return createSecureContext({ ca, cert, key });
  } catch (cause) {
    const what = cert === undefined ? 'certificate-authority' : 'client-certificate or client-key';
    throw new DiagnosticError(
      errorDiagnostic(
        'KUBE_CONFIG_INVALID',
        `the ${what} of the kubeconfig cannot be used: ${(cause as Error).message}`,
        { hint: 'fetch a new kubeconfig', cause },
      ),
      2,
    );
  }
}

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ClientOptions, WebSocket as WsSocket } from 'ws';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError, type StatusBody } from './api-error.ts';
import type { Attempted } from './attempts.ts';
import type { Connection } from './connection.ts';

/** Bytes waiting to be sent above which a writer has to wait. */
const highWater = 1024 * 1024;

/** Milliseconds between pings: load balancers end connections on which nothing has passed for a minute. */
const pingInterval = 20_000;

/** A WebSocket of the API whose messages begin with the number of a channel. */
export interface ChannelSocket {
  /** `v5.channel.k8s.io` can close a single channel, older ones cannot. */
  readonly protocol: string;
  /** Messages in order, the channel's number taken off. Ends when the server closes. */
  readonly messages: AsyncIterable<{ readonly channel: number; readonly data: Buffer }>;
  /** Waits when the other side is slow. */
  send(channel: number, data: Uint8Array): Promise<void>;
  close(): void;
}

/**
 * Opens a WebSocket of the API (`exec`, `attach`, `portforward`) with the connection's identity. Tried again as any
 * request where the server turns it away before it looks at it (401 with renewed credentials, 429, 503), and only
 * there: what came to grief later may have begun in the pod, and a command must not run twice.
 *
 * @throws ApiError when the server refuses
 * @throws DiagnosticError KUBE_UNAUTHORIZED; KUBE_NO_UPGRADE when something in between does not pass WebSockets on
 */
export function openChannelSocket(
  client: ApiClient,
  path: string,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<ChannelSocket> {
  return client.persist({ signal }, () => openOnce(client, path, protocols, signal));
}

async function openOnce(
  client: ApiClient,
  path: string,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<Attempted<ChannelSocket>> {
  const { connection } = client;
  const { WebSocket } = await import('ws');
  const { url, agent, headers, credential } = await connection.socketOptions(path, signal);
  // Aborted meanwhile: a listener that is added now would never hear of it.
  signal.throwIfAborted();
  const options: ClientOptions = {
    agent,
    headers: { ...headers, 'user-agent': 'kube-toolbox' } as Record<string, string>,
    handshakeTimeout: 30_000,
    perMessageDeflate: false,
  };
  const socket = new WebSocket(url, [...protocols], options);
  socket.binaryType = 'nodebuffer';
  const abort = (): void => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  socket.on('close', () => signal.removeEventListener('abort', abort));
  const messages = readMessages(socket);
  const refusal = await opened(socket, connection, signal);
  if (refusal !== undefined) {
    const { response, text } = refusal;
    const status = response.statusCode ?? 0;
    if (isTurnedAway(status)) return client.judge(response, text, credential);
    return { ok: false, error: new ApiError(status, bodyOf(status, text)), retry: false };
  }
  const pings = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, pingInterval).unref();
  socket.on('close', () => clearInterval(pings));
  const value: ChannelSocket = {
    protocol: socket.protocol,
    messages,
    async send(channel, data) {
      if (socket.readyState !== WebSocket.OPEN) return;
      const message = Buffer.allocUnsafe(data.length + 1);
      message[0] = channel;
      message.set(data, 1);
      const sent = new Promise<void>((settle) => socket.send(message, () => settle()));
      if (socket.bufferedAmount > highWater) await sent;
    },
    close: () => socket.close(),
  };
  return { ok: true, value };
}

/** Whether the server has not so much as looked at the request. */
function isTurnedAway(status: number): boolean {
  return status === 401 || status === 429 || status === 503;
}

function bodyOf(status: number, text: string): StatusBody {
  try {
    return JSON.parse(text) as StatusBody;
  } catch {
    // A node agent writes plain text: `container not found ("main")`. A proxy's page is not worth showing.
    const isWords = text !== '' && text.length < 1000 && !text.startsWith('<');
    return { message: isWords ? text : `HTTP ${status} without a WebSocket` };
  }
}

/** An answer that is no WebSocket. */
interface Refusal {
  readonly response: IncomingMessage;
  readonly text: string;
}

/** Settles with the answer where it is none. */
function opened(socket: WsSocket, connection: Connection, signal: AbortSignal): Promise<Refusal | undefined> {
  return new Promise((settle, fail) => {
    socket.once('open', () => settle(undefined));
    socket.on('error', (cause) => {
      if (signal.aborted) return fail(signal.reason as Error);
      fail(
        new DiagnosticError(
          errorDiagnostic(
            'KUBE_NO_UPGRADE',
            `${connection.where} does not open a WebSocket: ${cause.message}`,
            {
              cause,
              hint: 'a proxy in between may not pass WebSockets on',
            },
          ),
          3,
        ),
      );
    });
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => undefined);
      // Also of an answer that breaks off.
      response.on('close', () => {
        settle({ response, text: Buffer.concat(chunks).toString('utf8').trim() });
        socket.terminate();
      });
    });
  });
}

/** Messages as a stream that makes the socket wait while nobody reads. */
function readMessages(socket: WsSocket): AsyncIterable<{ channel: number; data: Buffer }> {
  const stream = new Readable({ objectMode: true, highWaterMark: 64, read: () => socket.resume() });
  socket.on('message', (message: Buffer) => {
    const more = stream.push({ channel: message[0] ?? 255, data: message.subarray(1) });
    if (!more) socket.pause();
  });
  socket.on('close', () => stream.push(null));
  // An error is followed by `close`; before `open` it is told there.
  stream.on('error', () => undefined);
  return stream;
}

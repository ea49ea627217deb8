import { createServer, type Server, type Socket } from 'node:net';
import { drained } from '../../drained.ts';
import { openChannelSocket } from './channel-socket.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { pathOf, pods } from './objects.ts';

const dataChannel = 0;
const errorChannel = 1;
/** Milliseconds without a byte after which a connection is closed whose local side has ended: the pod may be at work on its answer. */
const lingering = 120_000;

/**
 * Listens on a port of this machine and carries each connection to a port of a pod. A server of any version passes
 * a WebSocket of `v4.channel.k8s.io` on to the node, whose container runtime answers it (only the younger
 * `SPDY/3.1+portforward.k8s.io` is its own business): a data and an error channel for each of `ports`, either
 * beginning with the port in two bytes. It has no half-close, so every connection opens a WebSocket of its own.
 *
 * @param options.localPort 0 takes a free one
 * @param options.report told what went wrong with a connection; the others go on
 */
export async function forwardPort(
  api: NamespaceApi,
  options: {
    readonly pod: string;
    readonly port: number;
    readonly localPort: number;
    readonly report: (error: unknown) => void;
  },
  signal: AbortSignal,
): Promise<Server> {
  const path = `${pathOf(pods, api.namespace, options.pod)}/portforward?ports=${options.port}`;
  const server = createServer({ allowHalfOpen: true }, (local) => {
    carry(api, path, local, signal).catch((error) => {
      local.destroy();
      if (!signal.aborted) options.report(error);
    });
  });
  signal.addEventListener('abort', () => server.close(), { once: true });
  await new Promise<void>((settle, fail) => {
    server.once('error', fail);
    // This machine only: the forwarded port is not protected by anything.
    server.listen(options.localPort, '127.0.0.1', settle);
  });
  return server;
}

async function carry(api: NamespaceApi, path: string, local: Socket, signal: AbortSignal): Promise<void> {
  local.on('error', () => local.destroy());
  const socket = await openChannelSocket(api.client, path, ['v4.channel.k8s.io'], signal);
  local.on('close', () => socket.close());
  let linger: NodeJS.Timeout | undefined;
  local.on('end', () => {
    linger = setTimeout(() => socket.close(), lingering).unref();
  });
  const upload = (async () => {
    for await (const chunk of local as AsyncIterable<Buffer>) await socket.send(dataChannel, chunk);
  })();
  upload.catch(() => socket.close());
  // The first message of each channel is the port's number.
  const greeted = new Set<number>();
  let problem = '';
  for await (const { channel, data } of socket.messages) {
    signal.throwIfAborted();
    linger?.refresh();
    if (!greeted.has(channel)) {
      greeted.add(channel);
      if (data.length === 2) continue;
    }
    if (channel === errorChannel) problem += data.toString('utf8');
    else if (channel === dataChannel && !local.destroyed && !local.write(data)) await drained(local, signal);
  }
  clearTimeout(linger);
  local.end();
  if (problem !== '') throw new Error(explain(problem.trim()));
}

/** A node's words name its network namespace and the pod's number. */
function explain(problem: string): string {
  const port = /port (\d+)/.exec(problem)?.[1];
  return /connection refused/i.test(problem) && port !== undefined
    ? `nothing listens on port ${port} in the pod`
    : problem;
}

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Context } from '../../context.ts';
import { pods } from '../../executors/kubernetes/objects.ts';
import { judgePod } from '../../executors/kubernetes/pod-state.ts';
import { forwardPort } from '../../executors/kubernetes/port-forward.ts';
import { ExitCode } from '../../exit-code.ts';
import { openProject } from '../project.ts';
import { openRenderer } from '../render/open-renderer.ts';
import { pinCode } from '../render/open-sweep.ts';
import { findRunningPod } from './find-running-pod.ts';
import { parsePorts } from './forward-from-pod.ts';
import { submitPod } from './interactive-pod.ts';
import { type Cluster, openCluster } from './open-cluster.ts';
import { storeCode } from './store-code.ts';

/** Milliseconds between two looks at the pod, or at the server in it. */
const interval = 1000;

/**
 * Starts a notebook pod, waits until its server answers, and forwards its port until interrupted. The server's
 * token is random and reaches the pod through the Secret of `.env`: no manifest or process argument has it.
 */
export async function startJupyter(
  options: { readonly port: string; readonly yes: boolean; readonly json: boolean },
  context: Context,
): Promise<ExitCode> {
  const { port, localPort } = parsePorts(options.port);
  const { signal } = context;
  const config = await openProject(context);
  const token = randomBytes(24).toString('hex');
  const notebook = {
    ...config,
    root: {
      ...config.root,
      // On the loopback only: who may forward the port may use it, and nobody else in the cluster.
      server_command: `exec jupyter lab --ip=127.0.0.1 --port=${port} --no-browser --allow-root`,
    },
    dotenv: {
      ...config.dotenv,
      variables: new Map([...config.dotenv.variables, ['JUPYTER_TOKEN', token]]),
    },
  };
  using cluster = await openCluster(config, { yes: options.yes, isWriting: true }, context);
  const code = await pinCode(context, config);
  const renderer = await openRenderer(context, notebook, code.placement);
  await storeCode(code, cluster, context);
  const name = await submitPod(cluster, renderer, notebook, context);
  context.stderr.write(
    `pod/${name} created; Ctrl-C ends the forwarding, not the pod: make delete_pod name=${name}\n`,
  );
  await waitUntilRunning(cluster, name, context);
  const server = await forward(cluster, { pod: name, port, localPort }, context);
  const local = (server.address() as AddressInfo).port;
  await waitUntilServing(cluster, name, local, signal);
  const link = `http://127.0.0.1:${local}/lab?token=${token}`;
  context.stdout.write(
    options.json ? `${JSON.stringify({ type: 'jupyter', pod: name, link })}\n` : `${link}\n`,
  );
  if (!signal.aborted) await once(signal, 'abort');
  return ExitCode.interrupted;
}

async function forward(
  { api }: Cluster,
  { pod, port, localPort }: { readonly pod: string; readonly port: number; readonly localPort: number },
  context: Context,
) {
  // Until the server listens, connections fail, and that is no news.
  const report = () => undefined;
  try {
    return await forwardPort(api, { pod, port, localPort, report }, context.signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    // Any other port of this machine does as well; the link says which.
    return await forwardPort(api, { pod, port, localPort: 0, report }, context.signal);
  }
}

/** @throws DiagnosticError when it ends instead */
async function waitUntilRunning(cluster: Cluster, name: string, context: Context): Promise<void> {
  const { api } = cluster;
  const { policy } = api.client;
  for (let said = ''; ; await policy.sleep(interval, context.signal)) {
    const pod = await api.get(pods, name, context.signal);
    const phase = pod?.status?.phase;
    if (pod === undefined || (phase !== 'Pending' && phase !== undefined)) break;
    const { reason = 'it starts' } = judgePod(pod);
    if (reason !== said) context.stderr.write(`${name}: ${reason}\n`);
    said = reason;
  }
  await findRunningPod(cluster, name, context.signal);
}

/** @throws DiagnosticError when the pod ends before its server answers */
async function waitUntilServing(
  cluster: Cluster,
  name: string,
  port: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/api`, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    await answer?.body?.cancel();
    if (answer?.ok === true) return;
    await findRunningPod(cluster, name, signal);
    await cluster.api.client.policy.sleep(interval, signal);
  }
}

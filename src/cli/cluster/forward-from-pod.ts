import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { forwardPort } from '../../executors/kubernetes/port-forward.ts';
import { ExitCode } from '../../exit-code.ts';
import { findRunningPod } from './find-running-pod.ts';
import { openPlace } from './last-launch.ts';
import { openCluster } from './open-cluster.ts';

/** Forwards a port until interrupted. */
export async function forwardFromPod(
  options: { readonly pod: string; readonly port: string; readonly yes: boolean },
  context: Context,
): Promise<ExitCode> {
  const { port, localPort } = parsePorts(options.port);
  const config = await openPlace(context);
  using cluster = await openCluster(config, { yes: options.yes }, context);
  const pod = (await findRunningPod(cluster, options.pod, context.signal)).metadata.name;
  const report = (error: unknown): void => {
    context.stderr.write(`a connection failed: ${error instanceof Error ? error.message : String(error)}\n`);
  };
  const server = await forwardPort(cluster.api, { pod, port, localPort, report }, context.signal).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
      const why = error.code === 'EACCES' ? 'needs more rights' : 'is in use';
      throw new DiagnosticError(
        errorDiagnostic('KUBE_PORT_IN_USE', `port ${localPort} of this machine ${why}`, {
          hint: `choose another: port=${port}:${port + 10_000}`,
        }),
        ExitCode.refused,
      );
    },
  );
  const local = (server.address() as AddressInfo).port;
  context.stderr.write(`http://127.0.0.1:${local} is port ${port} of ${pod}; Ctrl-C ends it\n`);
  if (!context.signal.aborted) await once(context.signal, 'abort');
  return ExitCode.interrupted;
}

/** `8888` or `8888:9999`: the pod's port, then this machine's. */
export function parsePorts(text: string): { readonly port: number; readonly localPort: number } {
  const [, pod, local = pod] = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = Number(pod);
  const localPort = Number(local);
  if (pod === undefined || port < 1 || port > 65_535 || localPort > 65_535)
    throw new DiagnosticError(
      errorDiagnostic('CLI_BAD_VALUE', `"port" is PORT or PORT:LOCAL, from 1 to 65535, not "${text}"`, {
        hint: 'write port=8888 or port=8888:9999',
      }),
      ExitCode.usage,
    );
  return { port, localPort };
}

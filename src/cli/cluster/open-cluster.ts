import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ApiClient } from '../../executors/kubernetes/api-client.ts';
import { Connection } from '../../executors/kubernetes/connection.ts';
import { readKubeconfig } from '../../executors/kubernetes/kubeconfig.ts';
import { NamespaceApi } from '../../executors/kubernetes/namespace-api.ts';
import type { Owner } from '../../executors/kubernetes/owner.ts';
import { ExitCode } from '../../exit-code.ts';
import { findOwnerProblem } from '../../render/check-owner.ts';
import { checkSweepCluster } from './sweep-cluster.ts';

/** The project's namespace on its cluster. Closing it lets the process end. */
export interface Cluster extends Disposable {
  readonly api: NamespaceApi;
  readonly owner: Owner;
  /** Keeps that the sweep is here, as the first creation does. */
  readonly keep: () => Promise<void>;
}

/** What of a configuration says where its workloads are, and whose. */
export interface ClusterConfig extends Pick<Config, 'locate'> {
  readonly project: Pick<
    Config['project'],
    'namespace' | 'user' | 'project_name' | 'context' | 'concurrency'
  >;
}

/** Whether the project's files say where on a cluster to run. */
export function hasCluster(config: ClusterConfig): boolean {
  return config.project.namespace !== undefined && config.project.user !== undefined;
}

/**
 * Connects to the cluster that the files and the kubeconfig name; nothing is sent yet.
 *
 * @param options.isWriting keeps what the user confirms when the sweep was started on another cluster
 * @throws DiagnosticError without `kube.yaml`, without a kubeconfig, or on another cluster
 */
export async function openCluster(
  config: ClusterConfig,
  options: { readonly yes?: boolean; readonly isWriting?: boolean },
  context: Context,
): Promise<Cluster> {
  const { namespace, user, project_name: project, context: wanted, concurrency } = config.project;
  if (namespace === undefined || user === undefined)
    throw new DiagnosticError(
      errorDiagnostic('KUBE_NOT_CONFIGURED', 'config/kube.yaml, which says where to run, is missing', {
        hint: 'make init writes one',
      }),
      ExitCode.usage,
    );
  const problem = findOwnerProblem({ user, project, namespace });
  if (problem !== undefined) {
    const { code, field, message, hint } = problem;
    const location = config.locate('kube', [field]) ?? config.locate('launch', [field]);
    throw new DiagnosticError(errorDiagnostic(code, message, { location, hint }), ExitCode.usage);
  }
  const access = await readKubeconfig(context.env, wanted);
  const asked = { context: access.context, server: access.server, namespace, user, project };
  const keep = await checkSweepCluster(
    asked,
    { yes: options.yes === true, isWriting: options.isWriting === true },
    context,
  );
  const client = new ApiClient(new Connection(access, context.env, context.now), {
    policy: { concurrency },
    notice: (message) => context.stderr.write(`${message}\n`),
  });
  return {
    api: new NamespaceApi(client, namespace, keep),
    owner: { user, project },
    keep: async () => await keep?.(),
    [Symbol.dispose]: () => client.close(),
  };
}

import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { ApiClient } from '../../executors/kubernetes/api-client.ts';
import { Connection } from '../../executors/kubernetes/connection.ts';
import { readKubeconfig } from '../../executors/kubernetes/kubeconfig.ts';
import { NamespaceApi } from '../../executors/kubernetes/namespace-api.ts';
import { mirrorSecret } from '../../executors/runai/mirror-secret.ts';
import type { RunaiProject } from './open-runai.ts';

/** Mirrors `.env` into the Secret that workloads read, through the Kubernetes API; `undefined` without `.env`. */
export async function mirrorEnv(
  { settings, variables }: RunaiProject,
  config: Config,
  context: Context,
): Promise<'created' | 'replaced' | 'unchanged' | undefined> {
  if (variables.size === 0) return undefined;
  const { context: wanted, user = '', project_name: project } = config.project;
  const access = await readKubeconfig(context.env, wanted);
  const client = new ApiClient(new Connection(access, context.env, context.now));
  try {
    const api = new NamespaceApi(client, settings.namespace);
    return await mirrorSecret(settings.secretName, variables, api, { user, project }, context.signal);
  } finally {
    client.close();
  }
}

import { Writable } from 'node:stream';
import type { Config } from '../../config/config.ts';
import { runaiVariables } from '../../config/runai-variables.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ApiClient } from '../../executors/kubernetes/api-client.ts';
import { isApiError } from '../../executors/kubernetes/api-error.ts';
import { Connection } from '../../executors/kubernetes/connection.ts';
import { readKubeconfig } from '../../executors/kubernetes/kubeconfig.ts';
import { NamespaceApi } from '../../executors/kubernetes/namespace-api.ts';
import { missingRights, rights } from '../../executors/kubernetes/rights.ts';
import { openProject } from '../project.ts';
import { type Check, type Finding, ok, problem, warning } from './check.ts';
import { checkNamespace, patience } from './cluster.ts';

export const runaiChecks: readonly Check[] = [
  { topic: 'Cluster', name: 'run:ai', run: checkRunai },
  { topic: 'Cluster', name: 'secret', run: checkSecret },
];

/** Whether the command line of run:ai is there, knows its user, and has the project. */
async function checkRunai(context: Context): Promise<readonly Finding[]> {
  const config = await runaiConfig(context);
  if (config === undefined) return [];
  const { openRunai } = await import('../runai/open-runai.ts');
  const { executor, settings } = await openRunai(config, mute(context));
  const { size } = await executor.list(context.signal);
  return [ok(`run:ai project ${settings.project}: ${size} workload${size === 1 ? '' : 's'}`)];
}

/** The Secret goes through the Kubernetes API, which run:ai's command line can do without. */
async function checkSecret(context: Context): Promise<readonly Finding[]> {
  const config = await runaiConfig(context);
  if (config === undefined || config.dotenv.variables.size === 0) return [];
  const { openRunai } = await import('../runai/open-runai.ts');
  try {
    const access = await readKubeconfig(context.env, config.project.context);
    const { settings } = await openRunai(config, mute(context));
    const policy = { overallTimeout: patience, attemptTimeout: patience };
    const connection = new Connection(access, context.env, context.now);
    const api = new NamespaceApi(new ApiClient(connection, { policy }), settings.namespace);
    try {
      const found = await checkNamespace(api, `correct ${originOf(config)}`, context.signal);
      if (found.some(({ state }) => state === 'problem')) return found;
      const asked = rights.filter(({ resource }) => resource === 'secrets');
      const lacking = await missingRights(api, asked, context.signal);
      if (lacking.length === 0)
        return [ok(`the Secret of .env goes to namespace "${api.namespace}", by context ${access.context}`)];
      const verbs = lacking.flatMap((right) => right.verbs).join(', ');
      return [
        problem(
          `you may not ${verbs} secrets in namespace "${api.namespace}", where the Secret of .env goes`,
          `have an administrator grant it, or correct ${originOf(config)}`,
        ),
      ];
    } catch (error) {
      if (!isApiError(error)) throw error;
      return [
        problem(
          `namespace "${api.namespace}" cannot be looked at: ${error.message}`,
          `correct ${originOf(config)}`,
        ),
      ];
    } finally {
      api.client.close();
    }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const [first] = error.diagnostics;
    return [warning(`.env cannot be mirrored: ${first?.message ?? ''}`, first?.hint ?? 'see docs/runai.md')];
  }
}

/** Which setting says the namespace. */
function originOf({ dotenv, locate }: Config): string {
  // What is not written has the place of the whole file.
  const written = locate('kube', ['namespace'])?.length !== locate('kube', [])?.length;
  const from = written ? undefined : runaiVariables.namespace.find((name) => dotenv.variables.get(name));
  return from === undefined ? '`namespace` in config/kube.yaml' : `${from} in .env`;
}

async function runaiConfig(context: Context) {
  // What is wrong with the files, the topic before has said.
  const config = await openProject(mute(context)).catch((error) => {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  });
  return config?.project.backend === 'runai' ? config : undefined;
}

function mute(context: Context): Context {
  return { ...context, stderr: new Writable({ write: (_chunk, _encoding, done) => done() }) };
}

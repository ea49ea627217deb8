import { Writable } from 'node:stream';
import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ApiClient } from '../../executors/kubernetes/api-client.ts';
import { isApiError } from '../../executors/kubernetes/api-error.ts';
import { Connection } from '../../executors/kubernetes/connection.ts';
import { readKubeconfig } from '../../executors/kubernetes/kubeconfig.ts';
import { NamespaceApi } from '../../executors/kubernetes/namespace-api.ts';
import { configMaps, namespaces, pathOf } from '../../executors/kubernetes/objects.ts';
import { missingRights, type Right, rights } from '../../executors/kubernetes/rights.ts';
import { findOtherCluster } from '../cluster/sweep-cluster.ts';
import { openPlan } from '../project.ts';
import { checkAdmission } from './admission.ts';
import { type Check, type Finding, ok, problem, warning } from './check.ts';
import { checkClaims, checkNodes, checkPullSecrets, checkQuotas } from './cluster-objects.ts';
import { needsOf } from './needs.ts';

export const clusterChecks: readonly Check[] = [{ topic: 'Cluster', name: 'cluster', run: checkCluster }];

/** Milliseconds a cluster may take for all of one request's attempts: who asks a doctor waits for the answer. */
export const patience = 20_000;
/** What does not work on servers before a version, newest first. */
const knownSince: readonly { readonly minor: number; readonly field: string; readonly trouble: string }[] = [
  { minor: 29, field: '`server:`, `sync_every:`', trouble: 'Jobs with side containers do not end there' },
  { minor: 27, field: '`workers:`', trouble: 'the nodes of a trial do not find each other' },
  { minor: 22, field: '`max_parallel:`', trouble: 'all Jobs run at once' },
];

async function checkCluster(context: Context): Promise<readonly Finding[]> {
  // What is wrong with the files, the topic before has said.
  const muted = { ...context, stderr: new Writable({ write: (_chunk, _encoding, done) => done() }) };
  const project = await openPlan(muted, { side: 'remote' }).catch((error) => {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  });
  const { namespace, backend } = project?.config.project ?? {};
  if (project === undefined || namespace === undefined || backend === 'runai') return [];
  const connected = await connect(project.config, namespace, context);
  if ('findings' in connected) return connected.findings;
  const { api } = connected;
  const needs = needsOf(project.plan);
  const { signal } = context;
  const parts: readonly (readonly [string, () => Promise<readonly Finding[]>])[] = [
    ['server', () => checkServer(api, signal)],
    ['namespace', () => checkNamespace(api, 'correct `namespace` in config/kube.yaml', signal)],
    ['rights', () => checkRights(api, connected.ownNamespace, signal)],
    ['quota', () => checkQuotas(api, needs, signal)],
    ['image pull secret', () => checkPullSecrets(api, needs, signal)],
    ['claim', () => checkClaims(api, needs, signal)],
    ['nodes', () => checkNodes(api, needs, signal)],
    ['pod', () => checkAdmission(api, project, context)],
  ];
  const findings: Finding[] = connected.started.map((finding) => ({ ...finding, name: 'kubeconfig' }));
  try {
    for (const [name, part] of parts) {
      const found = await part().catch((error) => [explain(name, error)]);
      findings.push(...found.map((finding) => ({ ...finding, name: finding.name ?? name })));
      // Nothing is true of what is in a namespace that is not there.
      if (name === 'namespace' && found.some(({ state }) => state === 'problem')) break;
    }
  } catch (error) {
    // No answer to one question is no answer to the next.
    if (!(error instanceof DiagnosticError)) throw error;
    for (const { message, hint } of error.diagnostics)
      findings.push({ ...problem(message, hint ?? 'see docs/errors.md'), name: 'server' });
  } finally {
    api.client.close();
  }
  return findings;
}

async function connect(
  config: Config,
  namespace: string,
  context: Context,
): Promise<
  | {
      readonly api: NamespaceApi;
      /** The kubeconfig's. */
      readonly ownNamespace: string | undefined;
      readonly started: readonly Finding[];
    }
  | { readonly findings: readonly Finding[] }
> {
  try {
    const access = await readKubeconfig(context.env, config.project.context);
    const connection = new Connection(access, context.env, context.now);
    const policy = { overallTimeout: patience, attemptTimeout: patience };
    const api = new NamespaceApi(new ApiClient(connection, { policy }), namespace);
    const other = await findOtherCluster({ ...access, namespace }, context.cwd);
    const started = [ok(`context "${access.context}" leads to ${connection.where}`)];
    if (other !== undefined) started.push(problem(other.message, other.hint ?? 'see docs/errors.md'));
    return { api, ownNamespace: access.namespace, started };
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const [first] = error.diagnostics;
    const mend = first?.hint ?? 'see docs/errors.md';
    // A laptop that only runs trials itself has none, and needs none.
    const state = first?.code === 'KUBE_CONFIG_MISSING' ? 'warning' : 'problem';
    return { findings: [{ name: 'kubeconfig', state, message: first?.message ?? error.message, mend }] };
  }
}

function explain(name: string, error: unknown): Finding {
  if (!isApiError(error)) throw error;
  return problem(
    `the ${name} cannot be looked at: ${error.message}`,
    'ask the administrators of the cluster',
  );
}

async function checkServer(api: NamespaceApi, signal: AbortSignal): Promise<readonly Finding[]> {
  const { gitVersion = 'of an unknown version', minor = '' } = await api.client.request<{
    gitVersion?: string;
    minor?: string;
  }>({ path: '/version', signal });
  const skew = Math.round((api.client.serverTime() - Date.now()) / 1000);
  const lacks = knownSince.filter((each) => Number.parseInt(minor, 10) < each.minor);
  const findings = [
    lacks.length > 0
      ? warning(
          `Kubernetes ${gitVersion} is older than 1.${lacks[0]?.minor}: ${lacks.map(({ trouble }) => trouble).join(', ')}`,
          `leave out ${lacks.map(({ field }) => field).join(', ')}, or ask for a newer cluster`,
        )
      : ok(`Kubernetes ${gitVersion} answers`),
  ];
  if (Math.abs(skew) > 60)
    findings.push(
      warning(
        `the clocks of this machine and the cluster are ${Math.abs(skew)} s apart; times and ages will look wrong`,
        'set the clock of this machine: timedatectl set-ntp true',
      ),
    );
  return findings;
}

/** Not everybody may look at namespaces; a dry run of a creation tells as well, and changes nothing. */
export async function checkNamespace(
  api: NamespaceApi,
  mend: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { namespace } = api;
  const missing = problem(
    `there is no namespace "${namespace}" on this cluster`,
    `${mend} (kubectl get namespaces), or another \`context\``,
  );
  try {
    const found = await api.get(namespaces, namespace, signal);
    if (found === undefined) return [missing];
    if (found.status?.phase === 'Terminating')
      return [
        problem(
          `the namespace "${namespace}" is being deleted; nothing can be created in it`,
          'ask the administrators of the cluster for another',
        ),
      ];
    return [ok(`namespace "${namespace}" is there`)];
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
  }
  try {
    await api.client.request({
      method: 'POST',
      path: `${pathOf(configMaps, namespace)}?dryRun=All`,
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'kube-toolbox-doctor-' } },
      signal,
    });
  } catch (error) {
    if (isApiError(error, 'NotFound')) return [missing];
    // Which right is missing, the next check says.
    if (isApiError(error, 'Forbidden')) return [];
    throw error;
  }
  return [ok(`namespace "${namespace}" takes objects`)];
}

function count(of: readonly Right[]): number {
  return of.reduce((sum, { verbs }) => sum + verbs.length, 0);
}

async function checkRights(
  api: NamespaceApi,
  ownNamespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const missing = await missingRights(api, rights, signal);
  if (missing.length === 0) return [ok(`all rights in namespace "${api.namespace}"`)];
  const mend = 'have an administrator grant them: docs/role.yaml, see docs/cluster.md#rights';
  if (count(missing) === count(rights)) {
    const own =
      ownNamespace === undefined || ownNamespace === api.namespace
        ? ''
        : ` (the kubeconfig says "${ownNamespace}")`;
    return [
      problem(
        `you have no rights in namespace "${api.namespace}", if there is one of that name`,
        `correct \`namespace\` in config/kube.yaml${own}, or ${mend}`,
      ),
    ];
  }
  return missing.map(({ group, resource, verbs, only }) => {
    const what = `you may not ${verbs.join(', ')} ${group === '' ? resource : `${resource}.${group}`} in namespace "${api.namespace}"`;
    return only === undefined ? problem(what, mend) : warning(`${what}; needed for ${only}`, mend);
  });
}

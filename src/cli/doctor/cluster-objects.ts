import type { ResolvedFields } from '../../config/resolved-fields.ts';
import { isApiError } from '../../executors/kubernetes/api-error.ts';
import type { NamespaceApi } from '../../executors/kubernetes/namespace-api.ts';
import { claims, type KubeObject, nodes, quotas, secrets } from '../../executors/kubernetes/objects.ts';
import { parseQuantity } from '../../render/legal-values.ts';
import { type Finding, ok, problem, warning } from './check.ts';
import type { Needs } from './needs.ts';

const gpuLabel = 'nvidia.com/gpu.product';
const hostLabel = 'kubernetes.io/hostname';

/** What is left of each quota, where it may be listed, and whether a trial still fits. */
export async function checkQuotas(
  api: NamespaceApi,
  { largest }: Needs,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const found = await unlessForbidden(() => api.list(quotas, {}, signal));
  return (found?.items ?? []).map(({ metadata: { name }, status }) => {
    const all = Object.entries(status?.hard ?? {}).map(([resource, hard]) => {
      const used = status?.used?.[resource] ?? '0';
      const left = (parseQuantity(hard) ?? 0) - (parseQuantity(used) ?? 0);
      const need = largest.get(resource);
      return {
        text: `${resource} ${used} of ${hard}`,
        lacks: need !== undefined && (parseQuantity(need) ?? 0) > left,
      };
    });
    const lacking = all.filter(({ lacks }) => lacks).map(({ text }) => text);
    if (lacking.length > 0)
      return warning(
        `the quota "${name}" has no room for one more trial: ${lacking.join(', ')}`,
        'wait for trials to end, remove what you no longer need (make delete), or ask for a larger quota',
      );
    return ok(`quota "${name}": ${all.map(({ text }) => text).join(', ') || 'not counted yet'}`);
  });
}

export async function checkPullSecrets(
  api: NamespaceApi,
  { pullSecrets }: Needs,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return findEach(pullSecrets, async (name) => {
    const found = (await api.get(secrets, name, signal)) as
      | (KubeObject & { readonly type?: string })
      | undefined;
    if (found === undefined)
      return problem(
        `the image pull secret "${name}" does not exist`,
        'make image-secret makes it; for a public image write image_pull_secrets: null',
      );
    if (!/^kubernetes\.io\/dockerc(?:onfigjson|fg)$/.test(found.type ?? ''))
      return problem(
        `the secret "${name}" has the type ${found.type}; images are pulled with kubernetes.io/dockerconfigjson`,
        `kubectl delete secret ${name}, then make image-secret`,
      );
    return ok(`image pull secret "${name}" is there`);
  });
}

export async function checkClaims(
  api: NamespaceApi,
  needs: Needs,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return findEach(needs.claims, async (name) => {
    const found = await api.get(claims, name, signal);
    if (found === undefined)
      return problem(
        `the volume claim "${name}" does not exist`,
        'correct `volumes` in the config files (kubectl get pvc), or ask for the volume',
      );
    const phase = found.status?.phase ?? 'Pending';
    if (phase === 'Lost')
      return problem(`the volume of the claim "${name}" is lost`, 'ask the administrators of the cluster');
    return ok(
      phase === 'Bound'
        ? `volume claim "${name}" is bound`
        : `volume claim "${name}" is there, and waits for its first pod`,
    );
  });
}

/** Whether the GPU and host lists and node_selector leave a node, where nodes may be listed. */
export async function checkNodes(
  api: NamespaceApi,
  { placements }: Needs,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (placements.length === 0) return [];
  const found = await unlessForbidden(() => api.list(nodes, {}, signal));
  if (found === undefined) return [];
  const labels = found.items.map(({ metadata }) => metadata.labels ?? {});
  return placements.map((placement) => {
    const fitting = labels.filter((each) => fits(placement, each)).length;
    const words = describe(placement);
    return fitting > 0
      ? ok(`${fitting} of ${labels.length} nodes match ${words}`)
      : problem(`no node matches ${words}`, available(placement, labels));
  });
}

type Labels = Readonly<Record<string, string>>;

/** As the scheduler: a label that is not there is in no list, and so is not excluded. */
function fits(fields: ResolvedFields, labels: Labels): boolean {
  const inList = (key: string, list: readonly string[] | null | undefined): boolean =>
    !list?.length || list.includes(labels[key] ?? '');
  const notInList = (key: string, list: readonly string[] | null | undefined): boolean =>
    !list?.length || !list.includes(labels[key] ?? '');
  return (
    (Boolean(fields.special_gpu) ||
      (inList(gpuLabel, fields.gpu_whitelist) && notInList(gpuLabel, fields.gpu_blacklist))) &&
    inList(hostLabel, fields.hostname_whitelist) &&
    notInList(hostLabel, fields.hostname_blacklist) &&
    Object.entries(fields.node_selector).every(([key, value]) => labels[key] === value)
  );
}

function describe(fields: ResolvedFields): string {
  const lists = (
    [
      ...(fields.special_gpu ? [] : (['gpu_whitelist', 'gpu_blacklist'] as const)),
      'hostname_whitelist',
      'hostname_blacklist',
    ] as const
  )
    .filter((field) => fields[field]?.length)
    .map((field) => `${field} [${fields[field]?.join(', ')}]`);
  const labels = Object.entries(fields.node_selector).map(([key, value]) => `node_selector ${key}=${value}`);
  return [...lists, ...labels].join(' and ');
}

/** What there is to choose from, which is what a misspelt list needs. */
function available(fields: ResolvedFields, all: readonly Labels[]): string {
  const values = (key: string): string => {
    const distinct = [
      ...new Set(all.map((labels) => labels[key]).filter((each) => each !== undefined)),
    ].sort();
    const more = distinct.length > 20 ? ` and ${distinct.length - 20} more` : '';
    return distinct.length === 0 ? 'none' : `${distinct.slice(0, 20).join(', ')}${more}`;
  };
  const offers: string[] = [];
  if (!fields.special_gpu && (fields.gpu_whitelist?.length || fields.gpu_blacklist?.length))
    offers.push(`the GPUs of this cluster are: ${values(gpuLabel)}`);
  if (fields.hostname_whitelist?.length || fields.hostname_blacklist?.length)
    offers.push(`the hosts are: ${values(hostLabel)}`);
  return offers.join('; ') || 'kubectl get nodes --show-labels tells which labels there are';
}

async function findEach(
  names: readonly string[],
  look: (name: string) => Promise<Finding>,
): Promise<readonly Finding[]> {
  const findings = await Promise.all(names.map((name) => unlessForbidden(() => look(name))));
  return findings.filter((finding) => finding !== undefined);
}

/** `undefined` where one may not look: which right that is, the check of rights has said. */
async function unlessForbidden<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isApiError(error, 'Forbidden')) return undefined;
    throw error;
  }
}

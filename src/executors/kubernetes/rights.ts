import type { NamespaceApi } from './namespace-api.ts';

/** What one may do with a resource of a namespace. */
export interface Right {
  readonly group: '' | 'batch';
  /** `pods`, or `pods/log` for a subresource. */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** What does not work without it, where all else does. */
  readonly only?: string;
}

/**
 * Every right the commands use, and none besides: `docs/role.yaml` grants exactly these. WebSockets are opened
 * with GET, and since Kubernetes 1.35 need `create` on the subresource as well.
 */
export const rights: readonly Right[] = [
  { group: 'batch', resource: 'jobs', verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  { group: '', resource: 'pods', verbs: ['create', 'delete', 'get', 'list', 'watch'] },
  { group: '', resource: 'secrets', verbs: ['create', 'delete', 'get', 'list', 'patch'] },
  { group: '', resource: 'configmaps', verbs: ['create', 'delete', 'get', 'list'] },
  {
    group: '',
    resource: 'services',
    verbs: ['create', 'delete', 'get', 'list'],
    only: 'trials with `workers`',
  },
  { group: '', resource: 'pods/log', verbs: ['get'], only: 'logs' },
  { group: '', resource: 'pods/exec', verbs: ['create', 'get'], only: 'exec and copy' },
  { group: '', resource: 'pods/portforward', verbs: ['create', 'get'], only: 'port-forward' },
  { group: '', resource: 'events', verbs: ['list'], only: 'reasons in status' },
  { group: '', resource: 'resourcequotas', verbs: ['list'], only: 'the quota in doctor' },
  { group: '', resource: 'persistentvolumeclaims', verbs: ['get'], only: 'the claims in doctor' },
];

interface AccessReview {
  readonly status?: { readonly allowed?: boolean };
}

/**
 * The rights that the user does not have, each with the verbs that are missing. Asks the server about the user
 * itself, which everybody may.
 */
export async function missingRights(
  api: NamespaceApi,
  asked: readonly Right[],
  signal: AbortSignal,
): Promise<readonly Right[]> {
  const answers = await Promise.all(
    asked.map(async (right) => {
      const may = await Promise.all(right.verbs.map((verb) => isAllowed(api, right, verb, signal)));
      return { ...right, verbs: right.verbs.filter((_, index) => may[index] !== true) };
    }),
  );
  return answers.filter(({ verbs }) => verbs.length > 0);
}

async function isAllowed(
  api: NamespaceApi,
  { group, resource: written }: Right,
  verb: string,
  signal: AbortSignal,
): Promise<boolean> {
  const [resource, subresource] = written.split('/');
  const review = await api.client.request<AccessReview>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: {
        resourceAttributes: {
          namespace: api.namespace,
          verb,
          group,
          resource,
          ...(subresource === undefined ? {} : { subresource }),
        },
      },
    },
    signal,
  });
  return review.status?.allowed === true;
}

import { kinds } from './kubernetes-api-kinds.ts';
import type { Kind } from './kubernetes-api-status.ts';

/** The documents by which `kubectl` finds its way; JSON text, or undefined for other paths. */
export function describeApi(path: string, minor: number): string | undefined {
  // Before 1.27, kubectl reads this one, as protobuf, and does not check kinds that are not in it.
  if (path === '/openapi/v2') return '';
  if (path === '/version') return JSON.stringify(versionOf(minor));
  const document = documents[path];
  return document === undefined ? undefined : JSON.stringify(document);
}

function versionOf(minor: number): object {
  return { major: '1', minor: `${minor}`, gitVersion: `v1.${minor}.0`, platform: 'linux/amd64' };
}

function resources(group: string): object[] {
  return Object.values<Kind>(kinds)
    .filter((kind) => kind.group === group)
    .map((kind) => ({
      name: kind.plural,
      singularName: kind.kind.toLowerCase(),
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'watch'],
      ...(kind.shortNames === undefined ? {} : { shortNames: kind.shortNames }),
    }));
}

const batch = { groupVersion: 'batch/v1', version: 'v1' };

/** As much of OpenAPI as kubectl reads before it applies: that PATCH takes `fieldValidation`. */
function openApi(group: string): object {
  const prefix = group === '' ? '/api/v1' : `/apis/${group}/v1`;
  const paths = Object.values<Kind>(kinds)
    .filter((kind) => kind.group === group)
    .map((kind) => [
      `${prefix}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}/{name}`,
      {
        patch: {
          parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
          responses: {},
          'x-kubernetes-group-version-kind': { group, version: 'v1', kind: kind.kind },
        },
      },
    ]);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.0' },
    paths: Object.fromEntries(paths),
  };
}

const documents: Readonly<Record<string, object>> = {
  '/openapi/v3': {
    paths: {
      'api/v1': { serverRelativeURL: '/openapi/v3/api/v1' },
      'apis/batch/v1': { serverRelativeURL: '/openapi/v3/apis/batch/v1' },
    },
  },
  '/openapi/v3/api/v1': openApi(''),
  '/openapi/v3/apis/batch/v1': openApi('batch'),
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [{ name: 'batch', versions: [batch], preferredVersion: batch }],
  },
  '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources: resources('') },
  '/apis/batch/v1': {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: 'batch/v1',
    resources: resources('batch'),
  },
};

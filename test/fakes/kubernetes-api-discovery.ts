import { kinds } from './kubernetes-api-kinds.ts';
import type { Kind } from './kubernetes-api-status.ts';

/** The documents by which `kubectl` finds its way; JSON text, or undefined for other paths. */
export function describeApi(path: string): string | undefined {
  const document = documents[path];
  return document === undefined ? undefined : JSON.stringify(document);
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

const documents: Readonly<Record<string, object>> = {
  '/version': { major: '1', minor: '36', gitVersion: 'v1.36.0', platform: 'linux/amd64' },
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

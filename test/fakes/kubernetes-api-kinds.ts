import type { Kind } from './kubernetes-api-status.ts';

const core = { group: '', version: 'v1', namespaced: true };

/** What the fake serves. */
export const kinds = {
  jobs: { group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true },
  pods: { ...core, plural: 'pods', kind: 'Pod', shortNames: ['po'] },
  secrets: { ...core, plural: 'secrets', kind: 'Secret' },
  configmaps: { ...core, plural: 'configmaps', kind: 'ConfigMap', shortNames: ['cm'] },
  events: { ...core, plural: 'events', kind: 'Event', shortNames: ['ev'] },
  resourcequotas: { ...core, plural: 'resourcequotas', kind: 'ResourceQuota', shortNames: ['quota'] },
  persistentvolumeclaims: {
    ...core,
    plural: 'persistentvolumeclaims',
    kind: 'PersistentVolumeClaim',
    shortNames: ['pvc'],
  },
  services: { ...core, plural: 'services', kind: 'Service', shortNames: ['svc'] },
  nodes: { ...core, plural: 'nodes', kind: 'Node', namespaced: false, shortNames: ['no'] },
  namespaces: { ...core, plural: 'namespaces', kind: 'Namespace', namespaced: false, shortNames: ['ns'] },
} as const satisfies Readonly<Record<string, Kind>>;

export function kindOf(group: string, plural: string): Kind | undefined {
  return Object.values<Kind>(kinds).find((kind) => kind.group === group && kind.plural === plural);
}

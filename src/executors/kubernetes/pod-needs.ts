import { isApiError } from './api-error.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { configMaps, type KubeObject, type PodSpec, type Resource, secrets, services } from './objects.ts';

/** An object of the same namespace that a pod refers to. */
export interface Need {
  readonly resource: Resource<KubeObject>;
  readonly name: string;
  /** Its pod comes to nothing without it. */
  readonly isRequired: boolean;
}

interface Reference {
  readonly name?: string;
  readonly secretName?: string;
  readonly optional?: boolean;
}

/** The Secrets, ConfigMaps and the Service a pod refers to, as often as it does. */
export function needsOf(spec: PodSpec | undefined): readonly Need[] {
  const needs: Need[] = [];
  const add = (resource: Need['resource'], reference: Reference | undefined, isRequired = true): void => {
    const name = reference?.name ?? reference?.secretName;
    if (name !== undefined)
      needs.push({ resource, name, isRequired: isRequired && reference?.optional !== true });
  };
  const addBoth = (source: { readonly secret?: Reference; readonly configMap?: Reference }): void => {
    add(secrets, source.secret);
    add(configMaps, source.configMap);
  };
  for (const volume of spec?.volumes ?? []) {
    addBoth(volume);
    volume.projected?.sources?.forEach(addBoth);
  }
  for (const container of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    for (const { secretRef, configMapRef } of container.envFrom ?? []) {
      add(secrets, secretRef);
      add(configMaps, configMapRef);
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom === undefined) continue;
      add(secrets, valueFrom.secretKeyRef);
      add(configMaps, valueFrom.configMapKeyRef);
    }
  }
  // Without this a pod starts: its image may be there, or public.
  for (const each of spec?.imagePullSecrets ?? []) add(secrets, each, false);
  // Without this it starts, too, and its nodes do not find each other.
  if (spec?.subdomain !== undefined) add(services, { name: spec.subdomain });
  return needs;
}

/** Those that are not there. What may not be looked at counts as there. */
export async function findMissing<T extends Pick<Need, 'resource' | 'name'>>(
  api: NamespaceApi,
  needs: Iterable<T>,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const looked = await Promise.all(
    [...needs].map(async (need) => {
      try {
        return (await api.has(need.resource, need.name, signal)) ? [] : [need];
      } catch (error) {
        if (isApiError(error, 'Forbidden')) return [];
        throw error;
      }
    }),
  );
  return looked.flat();
}

import type { ApiObject } from './kubernetes-api-store.ts';

type FieldSet = { [key: string]: FieldSet };

/** Items of these lists are owned by their key, those of other lists as a whole. */
const keys: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  podIPs: ['ip'],
  ports: ['containerPort', 'protocol'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};

/**
 * An object as an API server sends it: with `metadata.managedFields` at the end, a third to a half of its text,
 * which says of each field who wrote it last.
 */
export function withManagedFields(object: ApiObject) {
  const { kind, apiVersion, metadata, status, ...written } = object;
  const { labels, annotations, finalizers, ownerReferences } = metadata;
  const entry = (manager: string, fields: object, subresource?: string) => ({
    manager,
    operation: 'Update',
    apiVersion: apiVersion ?? 'v1',
    time: metadata.creationTimestamp,
    fieldsType: 'FieldsV1',
    fieldsV1: fieldsOf(fields),
    ...(subresource === undefined ? {} : { subresource }),
  });
  const managedFields = [
    entry('kube-toolbox', { metadata: { annotations, finalizers, labels, ownerReferences }, ...written }),
    ...(hasFields(status) ? [entry('kube-controller-manager', { status }, 'status')] : []),
  ];
  return { kind, apiVersion, metadata: { ...metadata, managedFields }, ...written, status };
}

function hasFields(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function fieldsOf(value: object): FieldSet {
  const fields: FieldSet = {};
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    fields[`f:${name}`] =
      Array.isArray(field) && keys[name] !== undefined
        ? itemsOf(field, keys[name])
        : hasFields(field) && !Array.isArray(field)
          ? fieldsOf(field)
          : {};
  }
  return fields;
}

function itemsOf(items: readonly Record<string, unknown>[], names: readonly string[]): FieldSet {
  const fields: FieldSet = { '.': {} };
  for (const item of items) {
    const key = Object.fromEntries(names.map((name) => [name, item[name]]));
    fields[`k:${JSON.stringify(key)}`] = { '.': {}, ...fieldsOf(item) };
  }
  return fields;
}

import { fieldsSchema } from '../generated/schemas.js';
import type { ContainerPort, OverridableFields, Toleration } from './fields.ts';
import type { WrittenFields } from './written-fields.ts';

const fieldNames = Object.keys(fieldsSchema.properties ?? {}) as (keyof WrittenFields)[];

/** The overridable fields among what was written in one place, brought to one shape. */
export function normalizeFields(written: WrittenFields): OverridableFields {
  const fields: Record<string, unknown> = {};
  for (const name of fieldNames) {
    const value = written[name];
    if (value === undefined) continue;
    const normalize = shapes[name];
    fields[name] = normalize !== undefined && value !== null ? normalize(value) : value;
  }
  if (fields['ephermal_storage'] !== undefined) {
    fields['ephemeral_storage'] ??= fields['ephermal_storage'];
    delete fields['ephermal_storage'];
  }
  return fields as OverridableFields;
}

const shapes: Readonly<Record<string, (value: unknown) => unknown>> = {
  image_pull_secrets: toList,
  file: toList,
  data: toList,
  outputs: toList,
  gpu_whitelist: toList,
  gpu_blacklist: toList,
  hostname_whitelist: toList,
  hostname_blacklist: toList,
  tolerations: (list) => (list as (string | Toleration)[]).map(toToleration),
  ports: (list) => (list as (number | ContainerPort)[]).map(toPort),
};

function toList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value : [value as string];
}

function toToleration(toleration: string | Toleration): Toleration {
  if (typeof toleration !== 'string') return toleration;
  return { key: toleration, operator: 'Exists', effect: 'NoSchedule' };
}

function toPort(port: number | ContainerPort): ContainerPort {
  return typeof port === 'number' ? { containerPort: port } : port;
}

import { nearestName } from '../diagnostics/nearest-name.ts';
import { kubernetesTypes } from '../generated/kubernetes-types.js';

/** One thing the API server would refuse, or worse, drop with a warning nobody reads. */
export interface TypeProblem {
  /** `['spec', 'template', 'spec', 'containers', 0, 'image']` */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string | undefined;
}

const models: Readonly<Record<string, string>> = {
  'batch/v1 Job': 'V1Job',
  'v1 Pod': 'V1Pod',
  'v1 Secret': 'V1Secret',
  'v1 ConfigMap': 'V1ConfigMap',
  'v1 Service': 'V1Service',
};

/** The model an object is to be checked against: `batch/v1` and `Job` → `V1Job`. */
export function modelOf(apiVersion: unknown, kind: unknown): string | undefined {
  return Object.hasOwn(models, `${apiVersion} ${kind}`) ? models[`${apiVersion} ${kind}`] : undefined;
}

export const knownKinds = Object.keys(models);

type Path = readonly (string | number)[];

/** What a server refuses an object without although its types say that it may be left out. */
const essentials: Readonly<Record<string, readonly string[]>> = {
  V1Job: ['metadata', 'spec'],
  V1JobSpec: ['template'],
  V1PodTemplateSpec: ['spec'],
  V1Pod: ['metadata', 'spec'],
  V1Secret: ['metadata'],
  V1ConfigMap: ['metadata'],
  V1Service: ['metadata'],
};

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/**
 * What of a value does not have the Kubernetes type it must have: unknown fields with the nearest name, wrong
 * types, required fields that are missing. `type` is written as in `kubernetesTypes`; `skip` is asked for
 * each value and may keep it unchecked.
 */
export function checkType(
  value: unknown,
  type: string,
  path: Path,
  report: (problem: TypeProblem) => void,
  skip: (value: unknown, type: string, path: Path) => boolean = () => false,
): void {
  check(value, type, path);

  function check(value: unknown, written: string, path: Path): void {
    const type = written.endsWith('!') ? written.slice(0, -1) : written;
    if (skip(value, type, path)) return;
    const wanted = wantedInstead(value, type);
    if (wanted !== undefined) report({ path, message: `must be ${wanted}, not ${describe(value)}` });
    else if (type.startsWith('[]')) {
      for (const [index, each] of (value as unknown[]).entries())
        check(each, type.slice(2), [...path, index]);
    } else if (type.startsWith('{}')) {
      for (const [key, each] of Object.entries(value as object)) check(each, type.slice(2), [...path, key]);
    } else if (Object.hasOwn(kubernetesTypes, type)) {
      checkFields(value as object, kubernetesTypes[type] ?? {}, path);
      for (const key of essentials[type] ?? [])
        if (!Object.hasOwn(value as object, key)) report({ path, message: `"${key}" is missing` });
      if (type === 'V1ObjectMeta' && path.length === 1 && !Object.hasOwn(value as object, 'name'))
        report({ path, message: '"name" is missing' });
      if (type === 'V1PodSpec' && isEmptyList((value as { containers?: unknown }).containers))
        report({ path: [...path, 'containers'], message: 'must have at least one container' });
    }
  }

  function checkFields(value: object, fields: Readonly<Record<string, string>>, path: Path): void {
    for (const [key, each] of Object.entries(value)) {
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (field !== undefined) check(each, field, [...path, key]);
      else {
        const near = nearestName(key, Object.keys(fields));
        const hint =
          near === undefined ? `it takes ${Object.keys(fields).join(', ')}` : `did you mean "${near}"?`;
        report({ path: [...path, key], message: `unknown field "${key}"`, hint });
      }
    }
    for (const [key, field] of Object.entries(fields)) {
      if (field.endsWith('!') && !Object.hasOwn(value, key)) report({ path, message: `"${key}" is missing` });
    }
  }
}

/** What a value must be instead, by its type alone; `undefined` where it is right. */
function wantedInstead(value: unknown, type: string): string | undefined {
  const right = (is: boolean, wanted: string) => (is ? undefined : wanted);
  const kind = typeof value;
  switch (type) {
    case 'any':
      return undefined;
    case 'string':
      return right(kind === 'string', 'text');
    case 'boolean':
      return right(kind === 'boolean', 'true or false');
    case 'int':
      return right(Number.isInteger(value), 'a whole number');
    case 'number':
      return right(kind === 'number', 'a number');
    case 'quantity':
      return right(kind === 'string' || kind === 'number', 'a quantity such as 500m or 16Gi');
    case 'int-or-string':
      return right(kind === 'string' || Number.isInteger(value), 'a whole number or text');
    default:
      if (type.startsWith('[]')) return right(Array.isArray(value), 'a list');
      return right(kind === 'object' && value !== null && !Array.isArray(value), 'a mapping');
  }
}

function describe(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

/** `spec.template.spec.containers[0].image` */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_]\w*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

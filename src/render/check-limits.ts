import type { DiagnosticCode } from '../diagnostics/codes.ts';
import {
  parseQuantity,
  wrongLabelName,
  wrongLabelValue,
  wrongQualifiedName,
  wrongSubdomain,
} from './legal-values.ts';
import { maxDataBytes } from './project-files.ts';
import type { KubernetesObject } from './rendered-object.ts';

/** Something of an object's values that the server would refuse. */
export interface LimitProblem {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly hint?: string | undefined;
  /** The field of the config that it comes from, where one is known. */
  readonly field?: string | undefined;
}

type Report = (
  code: DiagnosticCode,
  message: string,
  rest?: { readonly hint?: string; readonly field?: string },
) => void;

type Named = { readonly name?: string };
type Texts = Readonly<Record<string, string>>;

interface Container extends Named {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly image?: string;
  readonly ports?: readonly {
    readonly name?: string;
    readonly containerPort: number;
    readonly protocol?: string;
  }[];
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}
type Amounts = Readonly<Record<string, string | number>>;

interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly (Named & {
    readonly persistentVolumeClaim?: { readonly claimName: string };
    readonly emptyDir?: { readonly sizeLimit?: string | number };
  })[];
  readonly nodeSelector?: Texts;
  readonly tolerations?: readonly {
    readonly key?: string;
    readonly operator?: string;
    readonly value?: string;
  }[];
  readonly affinity?: unknown;
  readonly imagePullSecrets?: readonly Named[];
  readonly serviceAccountName?: string;
  readonly priorityClassName?: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly subdomain?: string;
}

interface Template {
  readonly metadata?: { readonly labels?: Texts; readonly annotations?: Texts };
  readonly spec?: PodSpec;
}

const maxAnnotationBytes = 256 * 1024;
const maxObjectBytes = 1.5 * 1024 * 1024;
/** The longest single string a Linux program can be started with, `NAME=value` and its end included. */
const maxVariableBytes = 128 * 1024 - 1;
const maxInt32 = 2 ** 31 - 1;

/**
 * What of an object's values a server would refuse: names, labels, sizes, quantities, duplicates. The object
 * has the right types already. `text` is the object's manifest, for its size.
 */
export function checkLimits(object: KubernetesObject, text: string): readonly LimitProblem[] {
  const problems: LimitProblem[] = [];
  const report: Report = (code, message, rest) => {
    problems.push({ code, message, ...rest });
  };
  const { kind, metadata } = object;
  const isWorkload = kind === 'Job' || kind === 'Pod';
  const wrongName = isWorkload || kind === 'Service' ? wrongLabelName : wrongSubdomain;
  named(report, `the name "${metadata.name}" of the ${kind}`, wrongName(metadata.name), 'prefix');
  if (metadata.namespace !== undefined)
    named(report, `namespace "${metadata.namespace}"`, wrongLabelName(metadata.namespace), 'namespace');
  checkMetadata(metadata, report);
  if (kind === 'Job') {
    const spec = object['spec'] as { template?: Template } & Readonly<Record<string, unknown>>;
    checkTemplate(spec.template, report);
    for (const [field, name] of [
      ['backoffLimit', 'retries'],
      ['activeDeadlineSeconds', 'timeout'],
      ['ttlSecondsAfterFinished', 'ttl'],
    ] as const) {
      const value = spec[field];
      if (typeof value === 'number' && (value < 0 || value > maxInt32))
        report('RENDER_BAD_NUMBER', `${name} is ${value}; Kubernetes takes 0 to ${maxInt32}`, {
          field: name,
        });
    }
    if (spec['completionMode'] === 'Indexed')
      checkIndexedName(metadata.name, Number(spec['completions']), report);
  }
  if (kind === 'Pod') checkPodSpec(object['spec'] as PodSpec, report);
  if (kind === 'Secret' || kind === 'ConfigMap') checkData(object, report);
  // The manifest is longer than what the server stores, so a short one needs no measuring.
  else if (text.length * 3 > maxObjectBytes) {
    const size = Buffer.byteLength(JSON.stringify(object));
    if (size > maxObjectBytes)
      report('RENDER_OBJECT_TOO_LARGE', `the ${kind} has ${kibibytes(size)}; 1536 KiB is the most`, {
        hint: 'put what is large into a file of `file:`, or into the bucket',
      });
  }
  if (isWorkload && loneSurrogate.test(text)) checkText(object, '', report);
  return problems;
}

function named(report: Report, what: string, wrong: string | undefined, field?: string): void {
  if (wrong !== undefined)
    report('RENDER_BAD_NAME', `${what} ${wrong}`, field === undefined ? {} : { field });
}

/** Keys and values of labels, and the size of annotations, as the server counts it. */
function checkMetadata(
  metadata: { readonly labels?: Texts; readonly annotations?: Texts },
  report: Report,
): void {
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    const wrongKey = wrongQualifiedName(key);
    if (wrongKey !== undefined)
      report('RENDER_BAD_LABEL', `the label name "${key}" ${wrongKey}`, { field: 'labels' });
    const wrong = wrongLabelValue(value);
    if (wrong !== undefined)
      report('RENDER_BAD_LABEL', `the label ${key}: "${value}" ${wrong}`, { field: fieldOfLabel(key) });
  }
  let size = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    const wrong = wrongQualifiedName(key.toLowerCase());
    if (wrong !== undefined)
      report('RENDER_BAD_LABEL', `the annotation name "${key}" ${wrong}`, { field: 'annotations' });
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > maxAnnotationBytes)
    report(
      'RENDER_ANNOTATIONS_TOO_LARGE',
      `the annotations have ${size} bytes together; ${maxAnnotationBytes} is the most`,
      { field: 'annotations' },
    );
}

function fieldOfLabel(key: string): string {
  if (key === 'user') return 'user';
  if (key === 'project') return 'project_name';
  if (key === 'priority') return 'priority';
  return key === 'kueue.x-k8s.io/queue-name' ? 'queue' : 'labels';
}

/** Pods of an Indexed Job are called NAME-0, NAME-1 …, and these are host names. */
function checkIndexedName(name: string, completions: number, report: Report): void {
  const longest = `${name}-${completions - 1}`;
  if (longest.length > 63 && name.length <= 63)
    report(
      'RENDER_BAD_NAME',
      `the name "${name}" is too long for ${completions} pods: "${longest}" has ${longest.length} characters; 63 is the most`,
      { field: 'workers', hint: 'shorten prefix, project_name, or the names of the model and dataset' },
    );
}

function checkTemplate(template: Template | undefined, report: Report): void {
  if (template === undefined) return;
  const { metadata } = template;
  // The labels are those of the Job, which are checked; a custom template may differ, so these are too.
  checkMetadata({ ...metadata }, report);
  if (template.spec !== undefined) checkPodSpec(template.spec, report);
}

function checkPodSpec(spec: PodSpec, report: Report): void {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  unique(
    containers,
    (each) => each.name,
    (name) => report('RENDER_DUPLICATE', `two containers are called "${name}"`, { field: 'server' }),
  );
  const volumes = spec.volumes ?? [];
  unique(
    volumes,
    (each) => each.name,
    (name) => report('RENDER_DUPLICATE', `two volumes are called "${name}"`, { field: 'volumes' }),
  );
  for (const { name = '', persistentVolumeClaim: claim, emptyDir } of volumes) {
    named(report, `the volume name "${name}"`, wrongLabelName(name), 'volumes');
    if (claim !== undefined)
      named(report, `the claim name "${claim.claimName}"`, wrongSubdomain(claim.claimName), 'volumes');
    const size = emptyDir?.sizeLimit;
    if (size !== undefined && parseQuantity(size) === undefined)
      report('RENDER_BAD_QUANTITY', `the size "${size}" of volume "${name}" is no quantity`, {
        field: 'shm_size',
      });
  }
  const known = new Set(volumes.map((each) => each.name));
  for (const container of containers) checkContainer(container, known, report);
  checkPlacement(spec, report);
  for (const { name = '' } of spec.imagePullSecrets ?? [])
    named(report, `the image pull secret "${name}"`, wrongSubdomain(name), 'image_pull_secrets');
  if (spec.serviceAccountName !== undefined)
    named(
      report,
      `service_account "${spec.serviceAccountName}"`,
      wrongSubdomain(spec.serviceAccountName),
      'service_account',
    );
  if (spec.priorityClassName !== undefined)
    named(
      report,
      `priority_class "${spec.priorityClassName}"`,
      wrongSubdomain(spec.priorityClassName),
      'priority_class',
    );
  if (spec.subdomain !== undefined)
    named(report, `the service "${spec.subdomain}"`, wrongLabelName(spec.subdomain));
  for (const [key, value] of Object.entries(spec.securityContext ?? {})) {
    if (typeof value === 'number' && (value < 0 || value > maxInt32))
      report('RENDER_BAD_NUMBER', `${key} is ${value}; Kubernetes takes 0 to ${maxInt32}`, {
        field: key === 'runAsGroup' ? 'run_as_group' : 'run_as_user',
      });
  }
}

function checkContainer(
  container: Container,
  volumes: ReadonlySet<string | undefined>,
  report: Report,
): void {
  const { name = '', image = '', env = [], ports = [], volumeMounts = [] } = container;
  const where = name === 'main' ? '' : ` of container "${name}"`;
  named(report, `the container name "${name}"`, wrongLabelName(name), 'server');
  if (image === '' || /\s/.test(image))
    report('RENDER_BAD_NAME', `the image "${image}"${where} is empty or has spaces in it`, {
      field: 'image',
    });
  for (const { name: variable, value = '' } of env) {
    if (!/^[\x20-\x3c\x3e-\x7e]+$/.test(variable))
      report('RENDER_BAD_ENV', `"${variable}" is no name for a variable`, { field: 'env' });
    if (value.includes('\0'))
      report('RENDER_BAD_ENV', `the variable ${variable}${where} has a NUL character in its value`, {
        field: 'env',
      });
    if (value.length > maxVariableBytes / 3 && Buffer.byteLength(variable + value) + 1 > maxVariableBytes)
      report(
        'RENDER_BAD_ENV',
        `the variable ${variable}${where} is over 128 KiB: no program could be started with it`,
        {
          field: 'env',
          hint: 'put the text into a file and name it in `file:`',
        },
      );
  }
  unique(
    env,
    (each) => each.name,
    (variable) =>
      report('RENDER_DUPLICATE', `the variable ${variable}${where} is set twice`, { field: 'env' }),
  );
  unique(
    volumeMounts,
    (each) => each.mountPath,
    (path) =>
      report('RENDER_DUPLICATE', `two volumes are mounted at ${path}${where}`, {
        field: 'volumes',
        hint: 'give each volume a path of its own; /dev/shm and what is under /kube-toolbox are taken',
      }),
  );
  for (const { name: volume, mountPath } of volumeMounts) {
    if (!mountPath.startsWith('/') || mountPath.includes(':'))
      report('RENDER_BAD_PATH', `the mount path "${mountPath}"${where} is not absolute or has a ":" in it`, {
        field: 'volumes',
      });
    if (!volumes.has(volume))
      report('RENDER_BAD_NAME', `"${volume}" is mounted at ${mountPath}, and there is no such volume`);
  }
  checkPorts(ports, where, report);
  checkResources(container.resources ?? {}, where, report);
}

function checkPorts(ports: NonNullable<Container['ports']>, where: string, report: Report): void {
  for (const { name, containerPort: port } of ports) {
    if (port < 1 || port > 65_535)
      report('RENDER_BAD_NUMBER', `the port ${port}${where} is outside of 1 to 65535`, { field: 'ports' });
    if (name !== undefined && !(name.length <= 15 && /^(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)))
      report(
        'RENDER_BAD_NAME',
        `the port name "${name}"${where} may have 15 lower case letters, digits and single dashes, a letter among them`,
        { field: 'ports' },
      );
  }
  unique(
    ports,
    (each) => `${each.containerPort}/${each.protocol ?? 'TCP'}`,
    (port) => report('RENDER_DUPLICATE', `the port ${port}${where} is there twice`, { field: 'ports' }),
  );
  unique(
    ports,
    (each) => each.name,
    (name) => report('RENDER_DUPLICATE', `two ports${where} are called "${name}"`, { field: 'ports' }),
  );
}

function checkResources(
  { requests = {}, limits = {} }: NonNullable<Container['resources']>,
  where: string,
  report: Report,
): void {
  for (const amounts of [requests, limits]) {
    for (const [resource, amount] of Object.entries(amounts)) {
      const value = parseQuantity(amount);
      if (value === undefined || value < 0)
        report('RENDER_BAD_QUANTITY', `"${amount}" of ${resource}${where} is no quantity`, {
          hint: 'write for example 2, 500m or 16Gi',
          field: fieldOfResource(resource),
        });
      const wrong = wrongQualifiedName(resource);
      if (wrong !== undefined)
        report('RENDER_BAD_NAME', `the resource name "${resource}"${where} ${wrong}`, {
          field: fieldOfResource(resource),
        });
    }
  }
  for (const [resource, amount] of Object.entries(requests)) {
    const limit = limits[resource];
    if (
      limit !== undefined &&
      (parseQuantity(amount) ?? 0) > (parseQuantity(limit) ?? Number.POSITIVE_INFINITY)
    )
      report(
        'RENDER_REQUEST_ABOVE_LIMIT',
        `${amount} of ${resource} is requested${where}, above the limit of ${limit}`,
        {
          field: 'limit_ratio',
        },
      );
  }
}

function fieldOfResource(resource: string): string {
  if (resource === 'cpu') return 'cpu_count';
  if (resource === 'memory') return 'memory';
  if (resource === 'ephemeral-storage') return 'ephemeral_storage';
  return resource === 'nvidia.com/gpu' ? 'gpu_count' : 'special_gpu';
}

function checkPlacement(spec: PodSpec, report: Report): void {
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    const wrong = wrongQualifiedName(key) ?? wrongLabelValue(value);
    if (wrong !== undefined)
      report('RENDER_BAD_LABEL', `node_selector ${key}: "${value}" ${wrong}`, { field: 'node_selector' });
  }
  for (const { key, operator, value } of spec.tolerations ?? []) {
    const wrong = key === undefined ? undefined : wrongQualifiedName(key);
    if (wrong !== undefined)
      report('RENDER_BAD_LABEL', `the toleration key "${key}" ${wrong}`, { field: 'tolerations' });
    if (operator === 'Exists' && value)
      report('RENDER_BAD_LABEL', `the toleration of "${key}" has operator Exists and a value`, {
        field: 'tolerations',
        hint: 'remove the value, or write operator: Equal',
      });
    if (key === undefined && operator !== 'Exists')
      report('RENDER_BAD_LABEL', 'a toleration without a key needs operator Exists', {
        field: 'tolerations',
      });
  }
  for (const { key, values = [] } of expressionsOf(spec.affinity)) {
    for (const value of values) {
      const wrong = wrongLabelValue(value);
      if (wrong !== undefined)
        report('RENDER_BAD_LABEL', `"${value}", which ${key} is compared with, ${wrong}`, {
          field: key.endsWith('hostname') ? 'hostname_whitelist' : 'gpu_whitelist',
        });
    }
  }
}

function expressionsOf(
  affinity: unknown,
): readonly { readonly key: string; readonly values?: readonly string[] }[] {
  const required = (
    affinity as {
      nodeAffinity?: {
        requiredDuringSchedulingIgnoredDuringExecution?: {
          nodeSelectorTerms?: { matchExpressions?: { key: string; values?: string[] }[] }[];
        };
      };
    }
  )?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (required?.nodeSelectorTerms ?? []).flatMap((term) => term.matchExpressions ?? []);
}

/** The server adds up the bytes of the values, decoded, and not the keys. */
function checkData(object: KubernetesObject, report: Report): void {
  const texts = (object['data'] ?? {}) as Texts;
  const binary = (object['binaryData'] ?? {}) as Texts;
  const isSecret = object.kind === 'Secret';
  let size = 0;
  for (const [key, value] of [...Object.entries(texts), ...Object.entries(binary)]) {
    size +=
      isSecret || Object.hasOwn(binary, key) ? Buffer.byteLength(value, 'base64') : Buffer.byteLength(value);
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === '.' || key.startsWith('..'))
      report('RENDER_BAD_NAME', `"${key}" is no key for a ${object.kind}`);
  }
  if (size > maxDataBytes)
    report('RENDER_DATA_TOO_LARGE', `the ${object.kind} has ${size} bytes; ${maxDataBytes} is the most`);
}

const loneSurrogate = /\\ud[89a-f][0-9a-f]{2}/;

/** Texts that are no Unicode: the server would silently put something else in their place. */
function checkText(value: unknown, path: string, report: Report): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) report('RENDER_BAD_TEXT', `${path} has half of a surrogate pair in it`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value))
      checkText(each, path === '' ? key : `${path}.${key}`, report);
  }
}

function unique<T>(
  list: readonly T[],
  of: (each: T) => string | undefined,
  report: (key: string) => void,
): void {
  if (list.length < 2) return;
  const seen = new Set<string>();
  for (const each of list) {
    const key = of(each);
    if (key === undefined) continue;
    if (seen.has(key)) report(key);
    seen.add(key);
  }
}

function kibibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KiB`;
}

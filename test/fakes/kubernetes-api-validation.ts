import * as models from '@kubernetes/client-node';
import { badRequest, type Cause, invalid, type Kind, type Status } from './kubernetes-api-status.ts';
import type { ApiObject } from './kubernetes-api-store.ts';

// What an API server checks of an object before it stores it: field names and types from the models of the
// client library (generated from the server's own OpenAPI), values by the rules our manifests can break.

// biome-ignore lint/suspicious/noExplicitAny: parts of objects whose types decode() has checked
type Loose = any;

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

const quantityPattern = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const labelPattern = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const qualifiedPattern = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const serviceNamePattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const subdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const maxDataBytes = 1_048_576;
const maxAnnotationBytes = 262_144;
const maxEtcdBytes = 1_572_864;

/** Decoding: wrong types refuse, unknown fields are named. */
export function decode(
  kind: Kind,
  object: ApiObject,
): { readonly refusal?: Status; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const problems: string[] = [];
  walk(object, kind.kind === 'Event' ? 'CoreV1Event' : `V1${kind.kind}`, '', unknown, problems);
  const [first] = problems;
  return first === undefined
    ? { unknown }
    : {
        unknown,
        refusal: badRequest(`${kind.kind} in version "v1" cannot be handled as a ${kind.kind}: ${first}`),
      };
}

function walk(value: unknown, type: string, path: string, unknown: string[], problems: string[]): void {
  if (value === null || value === undefined || type === 'any' || type === 'object' || type === 'IntOrString')
    return;
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  const mismatch = (what: string): void => {
    problems.push(
      `json: cannot unmarshal ${nameOf(value)} into Go struct field ${path.slice(1)} of type ${what}`,
    );
  };
  if (list !== undefined) {
    if (!Array.isArray(value)) {
      mismatch(`[]${list}`);
      return;
    }
    value.forEach((each, index) => {
      walk(each, list, `${path}[${index}]`, unknown, problems);
    });
  } else if (map !== undefined) {
    if (nameOf(value) !== 'object') {
      mismatch(`map[string]${map}`);
      return;
    }
    for (const [key, each] of Object.entries(value as object)) {
      // Quantities are strings in the library's models; the server also takes numbers for them.
      if (/\.(limits|requests|hard|capacity)$/.test(path)) checkQuantity(each, problems);
      else walk(each, map, `${path}.${key}`, unknown, problems);
    }
  } else if (type === 'string' || type === 'Date') {
    if (typeof value !== 'string') mismatch('string');
    else if (/\.sizeLimit$/.test(path)) checkQuantity(value, problems);
  } else if (type === 'number') {
    if (typeof value !== 'number') mismatch('int32');
  } else if (type === 'boolean') {
    if (typeof value !== 'boolean') mismatch('bool');
  } else {
    if (nameOf(value) !== 'object') {
      mismatch(type.replace(/^V\d/, ''));
      return;
    }
    const attributes = attributesOf(type);
    if (attributes === undefined) return;
    for (const [key, each] of Object.entries(value as object)) {
      const attribute = attributes.get(key);
      if (attribute === undefined) {
        unknown.push(`${path}.${key}`.slice(1));
        // Not stored: the server decodes into its own types.
        delete (value as Record<string, unknown>)[key];
      } else walk(each, attribute.type, `${path}.${key}`, unknown, problems);
    }
  }
}

const attributeCache = new Map<string, ReadonlyMap<string, Attribute> | undefined>();

function attributesOf(type: string): ReadonlyMap<string, Attribute> | undefined {
  if (!attributeCache.has(type)) {
    const model = (models as unknown as Record<string, { attributeTypeMap?: Attribute[] }>)[type];
    attributeCache.set(
      type,
      model?.attributeTypeMap === undefined
        ? undefined
        : new Map(model.attributeTypeMap.map((attribute) => [attribute.baseName, attribute])),
    );
  }
  return attributeCache.get(type);
}

function checkQuantity(value: unknown, problems: string[]): void {
  if (typeof value === 'number') return;
  if (typeof value === 'string' && quantityPattern.test(value)) return;
  problems.push(`quantities must match the regular expression '${quantityPattern.source}'`);
}

function nameOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Validation of an object that decodes. */
export function validate(kind: Kind, object: ApiObject): Status | undefined {
  const causes: Cause[] = [];
  const name = object.metadata.name;
  if (!subdomainPattern.test(name))
    causes.push(cause('metadata.name', `Invalid value: "${name}": ${subdomainRule}`));
  else if (name.length > 253)
    causes.push(cause('metadata.name', `Invalid value: "${name}": must be no more than 253 bytes`));
  checkLabels(object.metadata.labels, 'metadata.labels', causes);
  checkAnnotations(object.metadata.annotations, 'metadata.annotations', causes);
  if (kind.kind === 'Service' && (!serviceNamePattern.test(name) || name.length > 63))
    causes.push(
      cause(
        'metadata.name',
        `Invalid value: "${name}": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
      ),
    );
  if (kind.kind === 'Job') checkJob(object, causes);
  if (kind.kind === 'Pod') checkPodSpec(object['spec'], 'spec', causes);
  if (kind.kind === 'Secret' || kind.kind === 'ConfigMap') checkData(kind, object, causes);
  if (causes.length > 0) return invalid(kind, name, causes);
  if (Buffer.byteLength(JSON.stringify(object)) > maxEtcdBytes)
    return {
      code: 500,
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'etcdserver: request is too large',
        code: 500,
      },
    };
  return undefined;
}

function checkJob(job: ApiObject, causes: Cause[]): void {
  const spec = job['spec'] ?? {};
  if (job.metadata.name.length > 63) {
    const text = `Invalid value: "${job.metadata.name}": must be no more than 63 bytes`;
    causes.push(cause('spec.template.labels', text), cause('spec.template.labels', text));
  }
  for (const field of [
    'backoffLimit',
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'ttlSecondsAfterFinished',
  ])
    if ((spec[field] ?? 0) < 0)
      causes.push(
        cause(`spec.${field}`, `Invalid value: ${spec[field]}: must be greater than or equal to 0`),
      );
  const template = spec.template ?? {};
  checkLabels(template.metadata?.labels, 'spec.template.metadata.labels', causes);
  checkAnnotations(template.metadata?.annotations, 'spec.template.metadata.annotations', causes);
  const policy = template.spec?.restartPolicy;
  if (policy !== 'Never' && policy !== 'OnFailure')
    causes.push(
      policy === undefined
        ? {
            reason: 'FieldValueRequired',
            field: 'spec.template.spec.restartPolicy',
            message: 'Required value: valid values: "OnFailure", "Never"',
          }
        : {
            reason: 'FieldValueNotSupported',
            field: 'spec.template.spec.restartPolicy',
            message: `Unsupported value: "${policy}": supported values: "OnFailure", "Never"`,
          },
    );
  if (spec.podFailurePolicy !== undefined && policy === 'OnFailure')
    causes.push(
      cause(
        'spec.template.spec.restartPolicy',
        'Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
      ),
    );
  checkPodSpec(template.spec, 'spec.template.spec', causes);
}

function checkPodSpec(spec: Loose, path: string, causes: Cause[]): void {
  const containers = spec?.containers ?? [];
  if (containers.length === 0)
    causes.push({ reason: 'FieldValueRequired', field: `${path}.containers`, message: 'Required value' });
  const volumes = new Set<string>();
  (spec?.volumes ?? []).forEach((volume: Loose, index: number) => {
    const at = `${path}.volumes[${index}]`;
    if (volumes.has(volume.name)) causes.push(duplicate(`${at}.name`, volume.name));
    volumes.add(volume.name);
    checkProjected(volume.projected?.sources, `${at}.projected`, causes);
  });
  const names = new Set<string>();
  for (const list of ['initContainers', 'containers'])
    (spec?.[list] ?? []).forEach((container: Loose, index: number) => {
      const at = `${path}.${list}[${index}]`;
      if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(container.name ?? ''))
        causes.push(
          cause(
            `${at}.name`,
            `Invalid value: "${container.name}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'`,
          ),
        );
      if (names.has(container.name)) causes.push(duplicate(`${at}.name`, container.name));
      names.add(container.name);
      checkPorts(container.ports ?? [], at, causes);
      if (!container.image)
        causes.push({ reason: 'FieldValueRequired', field: `${at}.image`, message: 'Required value' });
      checkMounts(container, at, volumes, causes);
      checkResources(container.resources, at, causes);
      (container.env ?? []).forEach((variable: Loose, position: number) => {
        if (!/^[^=\0]+$/.test(variable.name ?? ''))
          causes.push(
            cause(
              `${at}.env[${position}].name`,
              `Invalid value: "${variable.name}": a valid environment variable name must consist only of printable ASCII characters other than '='`,
            ),
          );
      });
    });
}

function checkPorts(ports: readonly Loose[], at: string, causes: Cause[]): void {
  const names = new Set<string>();
  ports.forEach(({ name, containerPort }, index) => {
    if (!(containerPort >= 1 && containerPort <= 65_535))
      causes.push(
        cause(
          `${at}.ports[${index}].containerPort`,
          `Invalid value: ${containerPort}: must be between 1 and 65535, inclusive`,
        ),
      );
    if (name === undefined) return;
    if (names.has(name)) causes.push(duplicate(`${at}.ports[${index}].name`, name));
    names.add(name);
  });
}

function checkProjected(sources: readonly Loose[] | undefined, at: string, causes: Cause[]): void {
  const paths = new Set<string>();
  (sources ?? []).forEach(({ secret, configMap, downwardAPI }, index) => {
    for (const item of (secret ?? configMap ?? downwardAPI)?.items ?? []) {
      if (paths.has(item.path))
        causes.push(
          cause(`${at}.sources[${index}]`, `Invalid value: "${item.path}": conflicting duplicate paths`),
        );
      paths.add(item.path);
    }
  });
}

function checkMounts(container: Loose, at: string, volumes: ReadonlySet<string>, causes: Cause[]): void {
  const paths = new Set<string>();
  (container.volumeMounts ?? []).forEach((mount: Loose, index: number) => {
    if (!volumes.has(mount.name))
      causes.push({
        reason: 'FieldValueNotFound',
        field: `${at}.volumeMounts[${index}].name`,
        message: `Not found: "${mount.name}"`,
      });
    if (paths.has(mount.mountPath))
      causes.push(
        cause(
          `${at}.volumeMounts[${index}].mountPath`,
          `Invalid value: "${mount.mountPath}": must be unique`,
        ),
      );
    paths.add(mount.mountPath);
  });
}

function checkResources(
  resources: { limits?: Record<string, string>; requests?: Record<string, string> } | undefined,
  at: string,
  causes: Cause[],
): void {
  for (const [key, request] of Object.entries(resources?.requests ?? {})) {
    const limit = resources?.limits?.[key];
    if (limit !== undefined && parseQuantity(request) > parseQuantity(limit))
      causes.push(
        cause(
          `${at}.resources.requests`,
          `Invalid value: "${request}": must be less than or equal to ${key} limit of ${limit}`,
        ),
      );
  }
}

function checkData(kind: Kind, object: ApiObject, causes: Cause[]): void {
  let bytes = 0;
  for (const [key, value] of Object.entries((object['data'] ?? {}) as Record<string, string>)) {
    if (!/^[-._a-zA-Z0-9]+$/.test(key))
      causes.push(
        cause(
          `data[${key}]`,
          `Invalid value: "${key}": a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
        ),
      );
    bytes += kind.kind === 'Secret' ? Buffer.from(value, 'base64').length : Buffer.byteLength(value);
  }
  for (const value of Object.values((object['binaryData'] ?? {}) as Record<string, string>))
    bytes += Buffer.from(value, 'base64').length;
  if (bytes > maxDataBytes)
    causes.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${maxDataBytes} bytes`,
      field: kind.kind === 'Secret' ? 'data' : '',
    });
}

function checkLabels(labels: Record<string, string> | undefined, field: string, causes: Cause[]): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    checkKey(key, field, causes);
    if (value.length > 63)
      causes.push(cause(field, `Invalid value: "${value}": must be no more than 63 bytes`));
    else if (!labelPattern.test(value))
      causes.push(
        cause(
          field,
          `Invalid value: "${value}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
        ),
      );
  }
}

/** A key of a label or annotation: `name` or `domain/name`. */
function checkKey(key: string, field: string, causes: Cause[]): void {
  const [name = '', domain, ...more] = key.split('/').reverse();
  const isLegal =
    more.length === 0 &&
    name.length <= 63 &&
    qualifiedPattern.test(name) &&
    (domain === undefined || (domain.length <= 253 && subdomainPattern.test(domain)));
  if (!isLegal)
    causes.push(
      cause(
        field,
        `Invalid value: "${key}": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      ),
    );
}

function checkAnnotations(
  annotations: Record<string, string> | undefined,
  field: string,
  causes: Cause[],
): void {
  for (const key of Object.keys(annotations ?? {})) checkKey(key.toLowerCase(), field, causes);
  const bytes = Object.entries(annotations ?? {}).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (bytes > maxAnnotationBytes)
    causes.push({
      reason: 'FieldValueTooLong',
      field,
      message: `Too long: may not be more than ${maxAnnotationBytes} bytes`,
    });
}

function duplicate(field: string, value: string): Cause {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: "${value}"` };
}

function cause(field: string, message: string): Cause {
  return { reason: 'FieldValueInvalid', message, field };
}

/** A quantity as a number: `1500m`, `2`, `4Gi`, `1e3`. */
function parseQuantity(text: string | number): number {
  const [, digits = '0', unit = ''] = /^([+-]?[\d.]+(?:[eE][-+]?\d+)?)([a-zA-Z]*)$/.exec(String(text)) ?? [];
  const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].indexOf(unit);
  const decimal: Record<string, number> = {
    n: 1e-9,
    u: 1e-6,
    m: 1e-3,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    T: 1e12,
    P: 1e15,
    E: 1e18,
  };
  return Number(digits) * (unit === '' ? 1 : binary > 0 ? 1024 ** binary : (decimal[unit] ?? Number.NaN));
}

/** The fields a server fills in, as far as clients can see a difference. */
export function applyDefaults(kind: Kind, object: ApiObject, minor = 36): void {
  object.apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  object.kind = kind.kind;
  if (kind.kind === 'Job') defaultJob(object, minor);
  if (kind.kind === 'Pod') {
    defaultPodSpec(object['spec'], true);
    object['status'] = { phase: 'Pending', qosClass: 'BestEffort' };
  }
  if (kind.kind === 'Secret') object['type'] ??= 'Opaque';
  if (kind.kind === 'ResourceQuota') object['status'] ??= {};
}

function defaultJob(job: ApiObject, minor: number): void {
  const spec = job['spec'];
  // The names with a prefix came with 1.27.
  const prefix = 'batch.kubernetes.io/';
  const controller = { [`${minor < 27 ? '' : prefix}controller-uid`]: job.metadata.uid };
  spec.parallelism ??= 1;
  if (spec.completionMode !== 'Indexed') spec.completions ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647;
  spec.selector = { matchLabels: controller };
  spec.manualSelector = false;
  spec.template.metadata ??= {};
  spec.template.metadata.labels = {
    ...spec.template.metadata.labels,
    ...controller,
    ...(minor < 27 ? {} : { [`${prefix}job-name`]: job.metadata.name }),
    'controller-uid': job.metadata.uid,
    'job-name': job.metadata.name,
  };
  defaultPodSpec(spec.template.spec, false);
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  job.metadata.generation = 1;
  job['status'] = {};
}

function defaultPodSpec(spec: Loose, isPod: boolean): void {
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    container.resources ??= {};
    // Limits are requests where there are none; done for Pods, not for templates.
    if (isPod && container.resources.limits !== undefined)
      container.resources.requests = { ...container.resources.limits, ...container.resources.requests };
    container.terminationMessagePath ??= '/dev/termination-log';
    container.terminationMessagePolicy ??= 'File';
    container.imagePullPolicy ??= /:(?!latest$)[^/]+$|@/.test(container.image) ? 'IfNotPresent' : 'Always';
  }
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.securityContext ??= {};
  spec.schedulerName ??= 'default-scheduler';
}

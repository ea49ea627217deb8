import {
  parseQuantity,
  wrongImageName,
  wrongLabelName,
  wrongLabelValue,
  wrongQualifiedName,
  wrongSubdomain,
} from './legal-values.ts';
import { maxInt32, once, type Report, reportName, type Texts, unique } from './limit-problem.ts';

type Named = { readonly name?: string };

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

export interface PodSpec {
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
    readonly effect?: string;
    readonly tolerationSeconds?: number;
  }[];
  readonly affinity?: unknown;
  readonly imagePullSecrets?: readonly Named[];
  readonly serviceAccountName?: string;
  readonly priorityClassName?: string;
  readonly schedulerName?: string;
  readonly restartPolicy?: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly subdomain?: string;
}

type Volumes = NonNullable<PodSpec['volumes']>;

/** The longest single string a Linux program can be started with, `NAME=value` and its end included. */
const maxVariableBytes = 128 * 1024 - 1;

/** What of a pod's values the server, or the kernel of the node, would refuse. */
export function checkPodSpec(spec: PodSpec, report: Report): void {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  unique(
    containers,
    (each) => each.name,
    (name) => report('RENDER_DUPLICATE', `two containers are called "${name}"`, { field: 'server' }),
  );
  unique(
    containers.flatMap(({ ports = [] }) => ports),
    ({ containerPort, protocol = 'TCP' }) => `${containerPort} (${protocol})`,
    (port) =>
      report(
        'RENDER_DUPLICATE',
        `two containers have the port ${port}, and those of a pod share one network`,
        {
          field: 'server',
        },
      ),
  );
  const { volumes = [] } = spec;
  once(volumes, undefined, report, (report) => checkVolumes(volumes, report));
  for (const container of containers)
    once(container, volumes, report, (report) => checkContainer(container, volumes, report));
  checkPlacement(spec, report);
  checkReferences(spec, report);
}

function checkVolumes(volumes: Volumes, report: Report): void {
  unique(
    volumes,
    (each) => each.name,
    (name) => report('RENDER_DUPLICATE', `two volumes are called "${name}"`, { field: 'volumes' }),
  );
  for (const { name = '', persistentVolumeClaim: claim, emptyDir } of volumes) {
    reportName(report, `the volume name "${name}"`, wrongLabelName(name), 'volumes');
    if (claim !== undefined)
      reportName(report, `the claim name "${claim.claimName}"`, wrongSubdomain(claim.claimName), 'volumes');
    const size = emptyDir?.sizeLimit;
    if (size !== undefined && parseQuantity(size) === undefined)
      report('RENDER_BAD_QUANTITY', `the size "${size}" of volume "${name}" is no quantity`, {
        field: 'shm_size',
      });
  }
}

/** Names of other objects, and numbers of users. */
function checkReferences(spec: PodSpec, report: Report): void {
  for (const { name = '' } of spec.imagePullSecrets ?? [])
    reportName(report, `the image pull secret "${name}"`, wrongSubdomain(name), 'image_pull_secrets');
  if (spec.serviceAccountName !== undefined)
    reportName(
      report,
      `service_account "${spec.serviceAccountName}"`,
      wrongSubdomain(spec.serviceAccountName),
      'service_account',
    );
  if (spec.priorityClassName !== undefined)
    reportName(
      report,
      `priority_class "${spec.priorityClassName}"`,
      wrongSubdomain(spec.priorityClassName),
      'priority_class',
    );
  if (/\s/.test(spec.schedulerName ?? ''))
    report('RENDER_BAD_NAME', `scheduler_name "${spec.schedulerName}" has spaces in it`, {
      field: 'scheduler_name',
    });
  if (spec.subdomain !== undefined)
    reportName(report, `the service "${spec.subdomain}"`, wrongLabelName(spec.subdomain));
  for (const [key, value] of Object.entries(spec.securityContext ?? {})) {
    if (typeof value === 'number' && (value < 0 || value > maxInt32))
      report('RENDER_BAD_NUMBER', `${key} is ${value}; Kubernetes takes 0 to ${maxInt32}`, {
        field: key === 'runAsGroup' ? 'run_as_group' : 'run_as_user',
      });
  }
}

function checkContainer(container: Container, volumes: Volumes, report: Report): void {
  const { name = '', image = '', env = [], ports = [], volumeMounts = [], resources = {} } = container;
  const where = name === 'main' ? '' : ` of container "${name}"`;
  reportName(report, `the container name "${name}"`, wrongLabelName(name), 'server');
  const wrongImage = wrongImageName(image);
  if (wrongImage !== undefined)
    report('RENDER_BAD_NAME', `the image "${image}"${where} ${wrongImage}`, { field: 'image' });
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
  once(volumeMounts, volumes, report, (report) => checkMounts(volumeMounts, volumes, where, report));
  once(ports, undefined, report, (report) => checkPorts(ports, where, report));
  once(resources, undefined, report, (report) => checkResources(resources, where, report));
}

function checkMounts(
  mounts: NonNullable<Container['volumeMounts']>,
  volumes: Volumes,
  where: string,
  report: Report,
): void {
  unique(
    mounts,
    (each) => each.mountPath.replace(/(?<=.)\/+$/, ''),
    (path) =>
      report('RENDER_DUPLICATE', `two volumes are mounted at ${path}${where}`, {
        field: 'volumes',
        hint: 'give each volume a path of its own; /dev/shm and what is under /kube-toolbox are taken',
      }),
  );
  for (const { name: volume, mountPath } of mounts) {
    if (!mountPath.startsWith('/') || mountPath.includes(':'))
      report('RENDER_BAD_PATH', `the mount path "${mountPath}"${where} is not absolute or has a ":" in it`, {
        field: 'volumes',
      });
    else if (/^\/+$/.test(mountPath) || /(?:^|\/)\.\.(?:\/|$)/.test(mountPath))
      report(
        'RENDER_BAD_PATH',
        `the mount path "${mountPath}"${where} is ${mountPath.includes('..') ? 'no plain path' : 'all of the container'}`,
        { field: 'volumes', hint: 'mount the volume in a folder of its own, such as /data' },
      );
    if (!volumes.some((each) => each.name === volume))
      report('RENDER_BAD_NAME', `"${volume}" is mounted at ${mountPath}, and there is no such volume`);
  }
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
  for (const { key, operator, value, effect, tolerationSeconds } of spec.tolerations ?? []) {
    const wrongValue = value === undefined ? undefined : wrongLabelValue(value);
    if (wrongValue !== undefined)
      report('RENDER_BAD_LABEL', `the value "${value}" of the toleration of "${key}" ${wrongValue}`, {
        field: 'tolerations',
      });
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      report(
        'RENDER_BAD_LABEL',
        `the toleration of "${key}" has tolerationSeconds, and no effect NoExecute`,
        {
          field: 'tolerations',
          hint: 'write effect: NoExecute, or remove tolerationSeconds',
        },
      );
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

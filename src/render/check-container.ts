import { parseQuantity, wrongImageName, wrongLabelName, wrongQualifiedName } from './legal-values.ts';
import { once, type Report, reportName, unique } from './limit-problem.ts';

export type Named = { readonly name?: string };

export interface Container extends Named {
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

export type Volumes = readonly (Named & {
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly emptyDir?: { readonly sizeLimit?: string | number };
})[];

/** The longest single string a Linux program can be started with, `NAME=value` and its end included. */
const maxVariableBytes = 128 * 1024 - 1;

/**
 * What of a container's values the server, or the kernel of the node, would refuse.
 *
 * @param all containers of the pod, the main one last
 */
export function checkContainer(
  container: Container,
  all: readonly Container[],
  volumes: Volumes,
  report: Report,
): void {
  const { name = '', env = [], ports = [], volumeMounts = [], resources = {} } = container;
  const where = inContainer(name);
  reportName(report, `the container name "${name}"`, wrongLabelName(name), 'server');
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
  once(volumeMounts, volumes, report, (report) => {
    checkMountPaths(container, all, volumes, where, report);
    checkMounts(volumeMounts, volumes, where, report);
  });
  once(ports, undefined, report, (report) => checkPorts(ports, where, report));
  once(resources, undefined, report, (report) => checkResources(resources, where, report));
}

/** Where several containers have the same image, as those that prepare the main one may, what is wrong is told of one. */
export function checkImages(containers: readonly Container[], report: Report): void {
  const told = new Set<string>();
  for (const { name = '', image = '' } of containers) {
    const wrong = told.has(image) ? undefined : wrongImageName(image);
    told.add(image);
    if (wrong !== undefined)
      report('RENDER_BAD_NAME', `the image "${image}"${inContainer(name)} ${wrong}`, { field: 'image' });
  }
}

function inContainer(name: string): string {
  return name === 'main' ? '' : ` of container "${name}"`;
}

/** The main container has what side containers share where they have it: two of them may have named one path. */
function checkMountPaths(
  container: Container,
  all: readonly Container[],
  volumes: Volumes,
  where: string,
  report: Report,
): void {
  const others = all.filter((each) => each !== container);
  const describe = (volume: string): string => {
    const isShared = volumes.some(({ name, emptyDir }) => name === volume && emptyDir !== undefined);
    const owner = isShared && others.find((each) => each.volumeMounts?.some(({ name }) => name === volume));
    return owner ? `"${volume}"${inContainer(owner.name ?? '')}` : `"${volume}"`;
  };
  unique(container.volumeMounts ?? [], mountPathOf, (path) => {
    const names = volumesAt(container, path);
    // A side container that has both is told of it itself.
    const isTold = others.some(
      (each) => volumesAt(each, path).filter((name) => names.includes(name)).length > 1,
    );
    if (where === '' && isTold) return;
    const isClaim = volumes.some((each) => each.persistentVolumeClaim && names.includes(each.name ?? ''));
    const described = names.map((name) => (where === '' ? describe(name) : `"${name}"`));
    report('RENDER_DUPLICATE', `two volumes are mounted at ${path}${where}: ${described.join(' and ')}`, {
      field: isClaim ? 'volumes' : 'server',
      hint: 'give each volume a path of its own; /dev/shm and what is under /kube-toolbox are taken',
    });
  });
}

function mountPathOf({ mountPath }: { readonly mountPath: string }): string {
  return mountPath.replace(/(?<=.)\/+$/, '');
}

function volumesAt({ volumeMounts = [] }: Container, path: string): readonly string[] {
  return volumeMounts.filter((each) => mountPathOf(each) === path).map(({ name }) => name);
}

function checkMounts(
  mounts: NonNullable<Container['volumeMounts']>,
  volumes: Volumes,
  where: string,
  report: Report,
): void {
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

import { type Container, checkContainer, checkImages, type Named, type Volumes } from './check-container.ts';
import {
  parseQuantity,
  wrongLabelName,
  wrongLabelValue,
  wrongQualifiedName,
  wrongSubdomain,
} from './legal-values.ts';
import { maxInt32, once, type Report, reportName, type Texts, unique } from './limit-problem.ts';

export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: Volumes;
  readonly nodeSelector?: Texts;
  readonly tolerations?: readonly {
    readonly key?: string;
    readonly operator?: string;
    readonly value?: string;
    readonly effect?: string;
    readonly tolerationSeconds?: number;
  }[];
  readonly affinity?: object;
  readonly imagePullSecrets?: readonly Named[];
  readonly serviceAccountName?: string;
  readonly priorityClassName?: string;
  readonly schedulerName?: string;
  readonly restartPolicy?: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly subdomain?: string;
}

/** What of a pod's values the server, or the kernel of the node, would refuse. */
export function checkPodSpec(spec: PodSpec, report: Report): void {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  unique(
    containers,
    (each) => each.name,
    (name) => report('RENDER_DUPLICATE', `two containers are called "${name}"`, { field: 'server' }),
  );
  // One that has a port twice is told so by itself.
  const ports = containers.flatMap((each) => [
    ...new Set(each.ports?.map(({ containerPort, protocol = 'TCP' }) => `${containerPort} (${protocol})`)),
  ]);
  unique(
    ports,
    (port) => port,
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
    once(container, volumes, report, (report) => checkContainer(container, containers, volumes, report));
  // The main one comes first.
  checkImages(containers.toReversed(), report);
  const { nodeSelector, tolerations, affinity } = spec;
  once(nodeSelector, undefined, report, (report) => checkNodeSelector(nodeSelector ?? {}, report));
  once(tolerations, undefined, report, (report) => checkTolerations(tolerations ?? [], report));
  once(affinity, undefined, report, (report) => checkAffinity(affinity, report));
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

function checkNodeSelector(nodeSelector: Texts, report: Report): void {
  for (const [key, value] of Object.entries(nodeSelector)) {
    const wrong = wrongQualifiedName(key) ?? wrongLabelValue(value);
    if (wrong !== undefined)
      report('RENDER_BAD_LABEL', `node_selector ${key}: "${value}" ${wrong}`, { field: 'node_selector' });
  }
}

function checkTolerations(tolerations: NonNullable<PodSpec['tolerations']>, report: Report): void {
  for (const { key, operator, value, effect, tolerationSeconds } of tolerations) {
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
}

function checkAffinity(affinity: unknown, report: Report): void {
  for (const { key, values = [] } of expressionsOf(affinity)) {
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

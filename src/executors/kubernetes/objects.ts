// The fields of Kubernetes objects that we read, as JSON has them (times are text). Everything is optional but
// names: a server may leave out what is empty, and items of a list carry neither `kind` nor `apiVersion`.

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
  }[];
}

export interface KubeObject {
  readonly metadata: ObjectMeta;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface Job extends KubeObject {
  readonly spec?: {
    readonly suspend?: boolean;
    readonly parallelism?: number;
    readonly completions?: number;
    readonly completionMode?: string;
    readonly backoffLimit?: number;
    readonly ttlSecondsAfterFinished?: number;
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template?: { readonly metadata?: Pick<ObjectMeta, 'annotations'>; readonly spec?: PodSpec };
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly active?: number;
    readonly ready?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly failedIndexes?: string;
  };
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms?: readonly {
          readonly matchExpressions?: readonly {
            readonly key: string;
            readonly operator: string;
            readonly values?: readonly string[];
          }[];
        }[];
      };
    };
  };
  readonly terminationGracePeriodSeconds?: number;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
  readonly subdomain?: string;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly restartPolicy?: string;
  readonly resources?: {
    readonly limits?: Readonly<Record<string, string | number>>;
    readonly requests?: Readonly<Record<string, string | number>>;
  };
  readonly envFrom?: readonly {
    readonly secretRef?: ObjectReference;
    readonly configMapRef?: ObjectReference;
  }[];
  readonly env?: readonly {
    readonly valueFrom?: {
      readonly secretKeyRef?: ObjectReference;
      readonly configMapKeyRef?: ObjectReference;
    };
  }[];
}

/** Another object of the namespace, which may be missing where it is optional. */
interface ObjectReference {
  readonly name?: string;
  readonly optional?: boolean;
}

export interface Volume {
  readonly secret?: { readonly secretName?: string; readonly optional?: boolean };
  readonly configMap?: ObjectReference;
  readonly projected?: {
    readonly sources?: readonly {
      readonly secret?: ObjectReference;
      readonly configMap?: ObjectReference;
    }[];
  };
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly signal?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly startedAt?: string;
    readonly finishedAt?: string;
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
  readonly restartCount?: number;
  readonly ready?: boolean;
  readonly containerID?: string;
}

export interface Pod extends KubeObject {
  readonly spec?: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly startTime?: string;
  };
}

export interface Event extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  /** With microseconds, where its reporter writes no other. */
  readonly eventTime?: string | null;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string; readonly uid?: string };
}

export interface Namespace extends KubeObject {
  readonly status?: { readonly phase?: string };
}

export interface Quota extends KubeObject {
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

export interface Claim extends KubeObject {
  readonly status?: { readonly phase?: string };
}

export function containerOf(pod: Pod, name: string): Container | undefined {
  return [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find(
    (each) => each.name === name,
  );
}

/** A resource of the API, and the type of its objects. */
export interface Resource<T extends KubeObject> {
  readonly group: '' | 'batch';
  readonly plural: string;
  readonly kind: string;
  /** Of the cluster as a whole, in no namespace. */
  readonly isClusterWide?: true;
  /** Never set; carries the type. */
  readonly type?: T;
}

export const jobs: Resource<Job> = { group: 'batch', plural: 'jobs', kind: 'Job' };
export const pods: Resource<Pod> = { group: '', plural: 'pods', kind: 'Pod' };
export const events: Resource<Event> = { group: '', plural: 'events', kind: 'Event' };
export const secrets: Resource<KubeObject> = { group: '', plural: 'secrets', kind: 'Secret' };
export const configMaps: Resource<KubeObject> = { group: '', plural: 'configmaps', kind: 'ConfigMap' };
export const services: Resource<KubeObject> = { group: '', plural: 'services', kind: 'Service' };
export const namespaces: Resource<Namespace> = {
  group: '',
  plural: 'namespaces',
  kind: 'Namespace',
  isClusterWide: true,
};
export const quotas: Resource<Quota> = { group: '', plural: 'resourcequotas', kind: 'ResourceQuota' };
export const claims: Resource<Claim> = {
  group: '',
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
};
export const nodes: Resource<KubeObject> = { group: '', plural: 'nodes', kind: 'Node', isClusterWide: true };

/** The resource of a rendered object. */
export function resourceOf(kind: string): Resource<KubeObject> {
  const found = [jobs, pods, secrets, configMaps, services].find((each) => each.kind === kind);
  if (found === undefined) throw new RangeError(`no resource for kind ${kind}`);
  return found;
}

/** Path of a collection or object, without a query. */
export function pathOf(resource: Resource<KubeObject>, namespace: string, name?: string): string {
  const base = resource.group === '' ? '/api/v1' : `/apis/${resource.group}/v1`;
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  const place = resource.isClusterWide === true ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${base}${place}/${resource.plural}${object}`;
}

/** `key=value,…`; refuses an empty one, which would select everything. */
export function formatSelector(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  if (parts.length === 0) throw new RangeError('an empty selector selects everything');
  return parts.join(',');
}

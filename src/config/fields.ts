import type { WrittenFields } from './written-fields.ts';

/** Fields that may be written as one text or as a list of texts; here they are lists. */
type ListField =
  | 'image_pull_secrets'
  | 'file'
  | 'data'
  | 'outputs'
  | 'gpu_whitelist'
  | 'gpu_blacklist'
  | 'hostname_whitelist'
  | 'hostname_blacklist';

type WrittenList<F extends 'tolerations' | 'ports'> = NonNullable<WrittenFields[F]>[number];

/** A Kubernetes toleration; a key alone was written for operator Exists, effect NoSchedule. */
export type Toleration = Readonly<Exclude<WrittenList<'tolerations'>, string>>;

/** A Kubernetes container port. */
export type ContainerPort = Readonly<Exclude<WrittenList<'ports'>, number>>;

/**
 * Fields that may be set anywhere: `kube.yaml`, root of `launch.yaml`, dataset, model, hyperparameter.
 * Absent: not written in this layer. `null`: written as none, and so not taken from a lower layer either.
 */
export type OverridableFields = Readonly<
  Omit<WrittenFields, ListField | 'tolerations' | 'ports' | 'ephermal_storage'>
> & { readonly [F in ListField]?: readonly string[] | null } & {
  readonly tolerations?: readonly Toleration[] | null;
  readonly ports?: readonly ContainerPort[] | null;
};

/** Settings that hold for the whole project or sweep and so cannot differ between trials. */
export interface ProjectFields {
  readonly project_name: string;
  readonly user: string | undefined;
  readonly namespace: string | undefined;
  readonly conda_env_name: string;
  /** Which executor `make job` uses. */
  readonly backend: 'kubernetes' | 'runai';
  /** Kubeconfig context to use; absent: the current one. */
  readonly context: string | undefined;
  /** Requests under way at once against the cluster. Default 32. */
  readonly concurrency: number;
  /** Trials of the sweep that may run at once; absent: no limit. */
  readonly max_parallel: number | undefined;
  /** A shipped policy pack's name, or the path of one. */
  readonly policy: string | undefined;
  readonly s3_backend: 'builtin' | 's5cmd';
}

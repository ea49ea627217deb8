import type { WrittenFields } from './written-fields.ts';

/** Fields that may be set anywhere: `kube.yaml`, root of `launch.yaml`, dataset, model, hyperparameter. */
export type OverridableFields = Partial<WrittenFields>;

/** Settings that hold for the whole project and so cannot differ between trials. */
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
}

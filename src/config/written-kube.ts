// Generated from schemas/ by scripts/generate.ts. Change the schema, then: npm run generate

import type { WrittenFields } from './written-fields.ts';

/**
 * config/kube.yaml: where trials run. Every field of fields.schema.json may be set here as well.
 */
export interface WrittenKube extends WrittenFields {
  /**
   * Name of the project; part of every trial's name. May be in `launch.yaml` instead; in both, they must agree. Without a `kube.yaml`, the default is the name of the folder.
   */
  project_name?: string;
  /**
   * Your name on the cluster; the label `user` of everything you start. Required; with `backend: runai`, `LDAP_USERNAME` of `.env` will do.
   */
  user?: string;
  /**
   * Kubernetes namespace. Required; with `backend: runai`, `K8S_NAMESPACE` of `.env` will do.
   */
  namespace?: string;
  /**
   * Conda environment to activate. Default: `project_name`.
   */
  conda_env_name?: string;
  /**
   * What `make job` submits to.
   */
  backend?: 'kubernetes' | 'runai';
  /**
   * Kubeconfig context. Default: the current one.
   */
  context?: string | null;
  /**
   * Requests under way at once against the cluster.
   */
  concurrency?: number;
  /**
   * At most this many trials of the sweep run at once; the others wait suspended. `null`, the default: no limit.
   */
  max_parallel?: number | null;
  /**
   * A matrix of more trials than this is refused before anything is built.
   */
  max_trials?: number;
  /**
   * Policy pack to keep to: `nrp`, or the path of a file.
   */
  policy?: string | null;
  /**
   * What moves files from and to the bucket: `builtin`, or `s5cmd` where that is installed.
   */
  s3_backend?: 'builtin' | 's5cmd';
}

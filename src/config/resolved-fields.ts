import type { ContainerPort, OverridableFields, Toleration } from './fields.ts';

/** Fields that every trial has, from a file or by default. */
export interface SettledFields {
  readonly image: string;
  readonly registry_host: string;
  readonly gitlab_user: string;
  /** Empty: none. */
  readonly image_pull_secrets: readonly string[];
  readonly code: 'git' | 'snapshot' | 'image';
  readonly ssh_host: string;
  readonly ssh_port: number;
  readonly conda_home: string;
  readonly python_env: 'auto' | 'none';
  /** `undefined`: the default script; empty: nothing. */
  readonly startup_script: string | undefined;
  /** Empty: nothing. */
  readonly extra_startup_script: string;
  readonly server_command: string;
  /** Files and folders put into the workload; empty: none. */
  readonly file: readonly string[];
  readonly data: readonly string[];
  readonly outputs: readonly string[];
  /** Seconds; `undefined`: only at the end. */
  readonly sync_every: number | undefined;
  readonly gpu_count: number;
  /** Cores. */
  readonly cpu_count: number;
  /** GiB. */
  readonly memory: number;
  /** GiB. */
  readonly ephemeral_storage: number;
  readonly limit_ratio: number;
  /** GiB; `undefined`: no limit of its own. */
  readonly shm_size: number | undefined;
  /** Claim name → mount path. */
  readonly volumes: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  readonly ports: readonly ContainerPort[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly node_selector: Readonly<Record<string, string>>;
  readonly endpoint_map: Readonly<Record<string, string>>;
  readonly retries: number;
  /** Seconds; `undefined`: none. */
  readonly timeout: number | undefined;
  /** Seconds; `undefined`: for ever. */
  readonly ttl: number | undefined;
  readonly workers: number;
  readonly pack: number;
  readonly host_ipc: boolean;
}

/**
 * All overridable fields of one trial after precedence, defaults and placeholders. What is not settled stays
 * as written: absent or `null` is none. `env` has a place of its own in the job spec, and `prefix` is part of
 * the name.
 */
export type ResolvedFields = Readonly<Omit<OverridableFields, keyof SettledFields | 'env' | 'prefix'>> &
  SettledFields;

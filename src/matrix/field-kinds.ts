import { parseDuration } from '../config/duration.ts';
import type { OverridableFields } from '../config/fields.ts';

/** How the text of a hyperparameter becomes the value of the field of the same name. */
export interface FieldKind {
  readonly name: 'text' | 'list' | 'number' | 'duration' | 'boolean' | 'tolerations' | 'ports' | 'mapping';
  /** What fits, for the error message. */
  readonly expects: string;
  /** `undefined`: the text does not fit. */
  readonly read: (text: string) => unknown;
}

const text: FieldKind = { name: 'text', expects: 'a text', read: (it) => it };
const list: FieldKind = { name: 'list', expects: 'a text', read: (it) => [it] };
const tolerations: FieldKind = {
  name: 'tolerations',
  expects: 'a taint key',
  read: (key) => (key === '' ? undefined : [{ key, operator: 'Exists', effect: 'NoSchedule' }]),
};
const duration: FieldKind = {
  name: 'duration',
  expects: 'a duration, such as 90s, 45m, 12h or 2d6h30m',
  read: (it) => parseDuration(it) || undefined,
};
const durationOrZero: FieldKind = {
  name: 'duration',
  expects: 'a duration, such as 0s, 45m, 12h or 7d',
  read: parseDuration,
};
const boolean: FieldKind = {
  name: 'boolean',
  expects: 'true or false',
  read: (it) => (it === 'true' ? true : it === 'false' ? false : undefined),
};
const mapping: FieldKind = { name: 'mapping', expects: 'a mapping', read: () => undefined };

function choice(...choices: readonly string[]): FieldKind {
  return { ...text, expects: choices.join(' or '), read: (it) => (choices.includes(it) ? it : undefined) };
}

function number(expects: string, fits: (value: number) => boolean): FieldKind {
  return {
    name: 'number',
    expects,
    read(it) {
      if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(it)) return undefined;
      return fits(Number(it)) ? Number(it) : undefined;
    },
  };
}

const count = number('a whole number, 0 or more', (it) => Number.isSafeInteger(it) && it >= 0);
const amount = number('a number above 0', (it) => Number.isFinite(it) && it > 0);
const isPort = (it: number) => Number.isInteger(it) && it >= 1 && it <= 65_535;
const port = number('a port, from 1 to 65535', isPort);

/** Every overridable field; the compiler sees to it that none is missing. */
export const fieldKinds: Readonly<Record<keyof OverridableFields, FieldKind>> = {
  image: text,
  registry_host: text,
  gitlab_user: text,
  image_pull_secrets: list,
  toolbox_image: text,
  code: choice('git', 'snapshot', 'image'),
  ssh_host: text,
  ssh_port: port,
  conda_home: text,
  python_env: choice('auto', 'none'),
  startup_script: text,
  extra_startup_script: text,
  server_command: text,
  env: mapping,
  file: list,
  data: list,
  outputs: list,
  sync_every: duration,
  gpu_count: number('a number of GPUs, 0 or more', (it) => it >= 0 && it <= 10_000),
  special_gpu: text,
  cpu_count: amount,
  memory: amount,
  ephemeral_storage: amount,
  limit_ratio: number('a number of at least 1', (it) => it >= 1 && it <= 1000),
  shm_size: amount,
  volumes: mapping,
  gpu_whitelist: list,
  gpu_blacklist: list,
  hostname_whitelist: list,
  hostname_blacklist: list,
  node_selector: mapping,
  tolerations,
  scheduler_name: text,
  queue: text,
  priority: text,
  priority_class: text,
  prefix: text,
  labels: mapping,
  annotations: mapping,
  retries: count,
  timeout: duration,
  ttl: durationOrZero,
  workers: count,
  pack: number('a whole number, 1 or more', (it) => Number.isSafeInteger(it) && it >= 1),
  service_account: text,
  run_as_user: count,
  run_as_group: count,
  host_ipc: boolean,
  ports: {
    name: 'ports',
    expects: 'a port, from 1 to 65535',
    read: (it) => (port.read(it) === undefined ? undefined : [{ containerPort: Number(it) }]),
  },
  server: mapping,
  endpoint_map: mapping,
  identity: mapping,
  runai: mapping,
};

/** The kind of the field a hyperparameter overrides by its name, if there is one. */
export function fieldKind(name: string): FieldKind | undefined {
  return Object.hasOwn(fieldKinds, name) ? fieldKinds[name as keyof OverridableFields] : undefined;
}

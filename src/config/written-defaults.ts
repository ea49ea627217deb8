// Generated from schemas/ by scripts/generate.ts. Change the schema, then: npm run generate

import type { WrittenFields } from './written-fields.ts';

/** Built-in defaults, the lowest layer. Fields whose default depends on others are not here. */
export const fieldDefaults = {
  registry_host: 'gitlab-registry.nrp-nautilus.io',
  code: 'git',
  ssh_host: 'gitlab-ssh.nrp-nautilus.io',
  ssh_port: 30622,
  conda_home: '/opt/conda',
  python_env: 'auto',
  server_command: 'sleep infinity',
  gpu_count: 0,
  cpu_count: 5,
  memory: 32,
  ephemeral_storage: 100,
  limit_ratio: 2,
  retries: 0,
  workers: 0,
  pack: 1,
  host_ipc: false,
} as const satisfies WrittenFields;

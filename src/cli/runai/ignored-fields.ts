import type { Config } from '../../config/config.ts';
import { type Diagnostic, type Location, warningDiagnostic } from '../../diagnostics/diagnostic.ts';

/** Fields that a workload of run:ai is made of. */
const honoured = new Set([
  'image',
  'registry_host',
  'gitlab_user',
  'server_command',
  'env',
  'gpu_count',
  'cpu_count',
  'memory',
  'volumes',
  'prefix',
  'annotations',
  'retries',
  'timeout',
  'workers',
  'run_as_user',
  'run_as_group',
  'host_ipc',
  'ports',
  'endpoint_map',
  'identity',
  'runai',
]);

/** Of the others, those that have a counterpart. */
const instead: Readonly<Record<string, string>> = {
  code: 'the code is what the image or the scratch volume has: runai: {working_dir: …}',
  file: 'put them into the image, or on the scratch volume',
  data: 'fetch them in the command, or keep them on the scratch volume',
  outputs: 'write them to the scratch volume, or upload them in the command',
  sync_every: 'write outputs to the scratch volume',
  server: 'start the server in the command',
  startup_script: 'write it into the command, or use runai: {working_dir: …, venv: …}',
  extra_startup_script: 'write it into the command, or use runai: {working_dir: …, venv: …}',
  python_env: 'use runai: {venv: …}',
  pack: 'ask for a fraction of a GPU: gpu_count: 0.5',
  shm_size: 'use runai: {large_shm: true}',
  labels: 'use runai: {extra_args: [--label, KEY=VALUE]}, where your version has it',
  gpu_whitelist: 'use runai: {node_pools: […]}',
  gpu_blacklist: 'use runai: {node_pools: […]}',
  hostname_whitelist: 'use runai: {node_pools: […]}',
  hostname_blacklist: 'use runai: {node_pools: […]}',
  node_selector: 'use runai: {node_pools: […]}',
  special_gpu: 'use runai: {extended_resources: …}',
};

/**
 * Warnings for fields that are written and do nothing here, which would be missed only after the run: one for each
 * that has a counterpart, and one for all others.
 */
export function ignoredFields(config: Config): readonly Diagnostic[] {
  const places = [
    { file: 'kube', path: [], fields: config.kube },
    { file: 'launch', path: [], fields: config.root },
    ...config.datasets.map(
      ({ name, fields }) => ({ file: 'launch', path: ['dataset', name], fields }) as const,
    ),
    ...config.models.map(({ name, fields }) => ({ file: 'launch', path: ['model', name], fields }) as const),
  ] as const;
  const found: Diagnostic[] = [];
  const others = new Map<string, Location | undefined>();
  for (const { file, path, fields } of places)
    for (const [name, value] of Object.entries(fields)) {
      if (honoured.has(name) || isNone(value)) continue;
      const location = config.locate(file, [...path, name], 'key');
      const hint = instead[name];
      if (hint === undefined) others.set(name, others.get(name) ?? location);
      else found.push(ignored(`"${name}" does nothing`, location, hint));
    }
  const [first] = others;
  if (first !== undefined) {
    const names = [...others.keys()].map((name) => `"${name}"`).join(', ');
    found.push(
      ignored(
        `${names} ${others.size === 1 ? 'does' : 'do'} nothing`,
        first[1],
        'a flag of `runai submit` for it goes into runai: {extra_args: […]}',
      ),
    );
  }
  return found;
}

function ignored(what: string, location: Location | undefined, hint: string): Diagnostic {
  return warningDiagnostic('RUNAI_FIELD_IGNORED', `${what} on run:ai`, { location, hint });
}

function isNone(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

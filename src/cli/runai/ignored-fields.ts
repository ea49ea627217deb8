import type { Config } from '../../config/config.ts';
import { type Diagnostic, warningDiagnostic } from '../../diagnostics/diagnostic.ts';

/** Fields that run:ai's command line has no word for, and what to do instead. */
const instead: Readonly<Record<string, string>> = {
  data: 'fetch them in the command, or keep them on the scratch volume',
  outputs: 'write them to the scratch volume, or upload them in the command',
  sync_every: 'write outputs to the scratch volume',
  server: 'start the server in the command',
  startup_script: 'write it into the command, or use runai: {working_dir: …, venv: …}',
  extra_startup_script: 'write it into the command, or use runai: {working_dir: …, venv: …}',
  pack: 'ask for a fraction of a GPU: gpu_count: 0.5',
  gpu_whitelist: 'use runai: {node_pools: […]}',
  gpu_blacklist: 'use runai: {node_pools: […]}',
  hostname_whitelist: 'use runai: {node_pools: […]}',
  hostname_blacklist: 'use runai: {node_pools: […]}',
  node_selector: 'use runai: {node_pools: […]}',
  special_gpu: 'use runai: {extended_resources: …}',
};

/** A warning for each field that is written and does nothing here: it would be missed only after the run. */
export function ignoredFields(config: Config): readonly Diagnostic[] {
  const places = [
    { file: 'kube', path: [], fields: config.kube },
    { file: 'launch', path: [], fields: config.root },
    ...config.datasets.map(
      ({ name, fields }) => ({ file: 'launch', path: ['dataset', name], fields }) as const,
    ),
    ...config.models.map(({ name, fields }) => ({ file: 'launch', path: ['model', name], fields }) as const),
  ] as const;
  return places.flatMap(({ file, path, fields }) =>
    Object.entries(fields).flatMap(([name, value]) =>
      instead[name] === undefined || isNone(value)
        ? []
        : [
            warningDiagnostic('RUNAI_FIELD_IGNORED', `"${name}" does nothing on run:ai`, {
              location: config.locate(file, [...path, name], 'key'),
              hint: instead[name],
            }),
          ],
    ),
  );
}

function isNone(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

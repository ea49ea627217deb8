import { join } from 'node:path';
import type { JobSpec } from '../matrix/job-spec.ts';

/** Every variable of a trial carries this one; it is how its processes are found again, see process-table. */
export const markerName = 'TOOLBOX_RUN';

export interface LocalEnvironmentSources {
  readonly root: string;
  /** What a trial starts from: the process's own, its Python environment already active. */
  readonly base: (spec: JobSpec) => Readonly<Record<string, string>>;
  /** Values are secrets. */
  readonly dotenv: ReadonlyMap<string, string>;
  /** Tells this sweep's processes from any other's. */
  readonly sweepId: string;
}

/**
 * The environment of one trial, later ones winning: the process's, `env` fields, `.env`, what the toolbox
 * sets. Python's output is unbuffered unless something above says otherwise, or it would not be seen live.
 */
export function localEnvironment(
  spec: JobSpec,
  sources: LocalEnvironmentSources,
): { readonly env: Record<string, string>; readonly marker: string } {
  const env: Record<string, string> = {
    PYTHONUNBUFFERED: '1',
    PYTHONIOENCODING: 'UTF-8',
    ...sources.base(spec),
    ...spec.env,
  };
  for (const [name, value] of sources.dotenv) env[name] = value;
  const source = join(sources.root, 'src');
  env['PYTHONPATH'] = env['PYTHONPATH'] ? `${source}:${env['PYTHONPATH']}` : source;
  env['PWD'] = sources.root;
  env['TOOLBOX_NAME'] = spec.name;
  env['TOOLBOX_MODEL'] = spec.trial.model;
  env['TOOLBOX_DATASET'] = spec.trial.dataset;
  env['TOOLBOX_HPARAM'] = JSON.stringify(hyperparameterTexts(spec));
  const marker = `${sources.sweepId}/${spec.name}`;
  env[markerName] = marker;
  return { env, marker };
}

/** Key (no underscore) → text as written. */
export function hyperparameterTexts(spec: JobSpec): Record<string, string> {
  return Object.fromEntries(spec.trial.hparam.map(({ key, text }) => [key, text]));
}

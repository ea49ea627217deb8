import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Environment } from '../../executors/local-python.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';

/** The process's environment, without the gaps of its type. */
export function definedVariables(env: Context['env']): Environment {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/**
 * The environment each trial starts from: with the project's Python environment active, or as it is where
 * `python_env: none` says so. Looked for once, and only if a trial wants it.
 */
export async function localEnvironments(
  specs: Iterable<JobSpec>,
  options: {
    readonly root: string;
    readonly env: Environment;
    readonly config: Config;
    readonly warn: (diagnostic: Diagnostic) => void;
  },
): Promise<(spec: JobSpec) => Environment> {
  const { root, env, config, warn } = options;
  const wants = (spec: JobSpec) => spec.fields.python_env !== 'none';
  let wanted = false;
  for (const spec of specs) {
    wanted = wants(spec);
    if (wanted) break;
  }
  if (!wanted) return () => env;
  const { findPythonEnvironment } = await import('../../executors/local-python.ts');
  const found = await findPythonEnvironment({ root, env, condaName: config.project.conda_env_name, warn });
  return (spec) => (wants(spec) ? found.env : env);
}

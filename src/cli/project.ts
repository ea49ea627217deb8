import type { Config } from '../config/config.ts';
import { loadPolicy, loadSources } from '../config/load.ts';
import type { Context } from '../context.ts';
import { type Checked, DiagnosticError } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { type AssembleOptions, assemble } from '../matrix/assemble.ts';
import { expand } from '../matrix/expand.ts';
import type { ExpandedMatrix } from '../matrix/expanded-matrix.ts';
import type { LaunchPlan } from '../matrix/launch-plan.ts';
import { readProject } from '../matrix/read-project.ts';
import { reportDiagnostics } from './report-diagnostics.ts';

export interface ProjectPlan {
  readonly config: Config;
  readonly matrix: ExpandedMatrix;
  readonly plan: LaunchPlan;
}

/** A context is one run of the tool, and in one run the files are read once. */
const opened = new WeakMap<Context, Promise<Config>>();

/**
 * Reads and checks the project's files, the first step of nearly every command. Warnings are printed. Called again
 * with the same context, it answers without reading and printing again.
 *
 * @throws DiagnosticError (exit 2) with every problem of all files
 */
export function openProject(context: Context): Promise<Config> {
  let config = opened.get(context);
  if (config === undefined) {
    config = readProjectFiles(context);
    opened.set(context, config);
  }
  return config;
}

/**
 * Whether the project's trials go through the run:ai command line, so that a command has another half for them. Of
 * files with mistakes it is not known: who needs more of them than this is told then.
 */
export function usesRunai(context: Context): Promise<boolean> {
  return openProject(context).then(
    ({ project }) => project.backend === 'runai',
    (error) => {
      if (error instanceof DiagnosticError) return false;
      throw error;
    },
  );
}

async function readProjectFiles(context: Context): Promise<Config> {
  const config = accept(readProject(await loadSources(context)), context);
  const { policy } = config.project;
  if (policy === undefined) return config;
  const { readPolicy } = await import('../policy/read-policy.ts');
  const location = config.locate('kube', ['policy']);
  const file = accept(await loadPolicy(context, policy, location), context);
  return { ...config, policy: accept(readPolicy(file), context) };
}

/**
 * The pure part of the line, from the project's files to the ordered trials: load, read, expand, assemble.
 *
 * @param options a function where they depend on the configuration, as the code reference does
 * @throws DiagnosticError (exit 2) with every problem of the step that found some
 */
export async function openPlan(
  context: Context,
  options: AssembleOptions | ((config: Config) => Promise<AssembleOptions>),
): Promise<ProjectPlan> {
  const config = await openProject(context);
  const matrix = accept(expand(config), context);
  const chosen = typeof options === 'function' ? await options(config) : options;
  const plan = accept(assemble(config, matrix, chosen), context);
  return { config, matrix, plan };
}

/** The value of a pure step, its warnings printed; its errors end the command. */
function accept<T>(checked: Checked<T>, context: Context): T {
  if (!checked.ok) throw new DiagnosticError(checked.diagnostics, ExitCode.usage);
  reportDiagnostics(checked.diagnostics, context);
  return checked.value;
}

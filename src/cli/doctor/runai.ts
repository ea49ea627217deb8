import { Writable } from 'node:stream';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { readKubeconfig } from '../../executors/kubernetes/kubeconfig.ts';
import { openProject } from '../project.ts';
import { type Check, type Finding, ok, warning } from './check.ts';

export const runaiChecks: readonly Check[] = [
  { topic: 'Cluster', name: 'run:ai', run: checkRunai },
  { topic: 'Cluster', name: 'secret', run: checkSecret },
];

/** Whether the command line of run:ai is there, knows its user, and has the project. */
async function checkRunai(context: Context): Promise<readonly Finding[]> {
  const config = await runaiConfig(context);
  if (config === undefined) return [];
  const { openRunai } = await import('../runai/open-runai.ts');
  const { executor, settings } = await openRunai(config, mute(context));
  const { size } = await executor.list(context.signal);
  return [ok(`run:ai project ${settings.project}: ${size} workload${size === 1 ? '' : 's'}`)];
}

/** The Secret goes through the Kubernetes API, which run:ai's command line can do without. */
async function checkSecret(context: Context): Promise<readonly Finding[]> {
  const config = await runaiConfig(context);
  if (config === undefined || config.dotenv.variables.size === 0) return [];
  try {
    const { context: name } = await readKubeconfig(context.env, config.project.context);
    return [ok(`the kubeconfig context ${name}, for the Secret of .env`)];
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const [first] = error.diagnostics;
    return [warning(`.env cannot be mirrored: ${first?.message ?? ''}`, first?.hint ?? 'see docs/runai.md')];
  }
}

async function runaiConfig(context: Context) {
  // What is wrong with the files, the topic before has said.
  const config = await openProject(mute(context)).catch((error) => {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  });
  return config?.project.backend === 'runai' ? config : undefined;
}

function mute(context: Context): Context {
  return { ...context, stderr: new Writable({ write: (_chunk, _encoding, done) => done() }) };
}

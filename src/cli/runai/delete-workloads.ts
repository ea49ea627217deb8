import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { inOrder } from '../../executors/kubernetes/in-order.ts';
import { isOurs } from '../../executors/runai/launch.ts';
import { ExitCode } from '../../exit-code.ts';
import { parseGlob } from '../../glob.ts';
import { hasFailed } from '../../matrix/decide.ts';
import { isRunName } from '../../records/run-paths.ts';
import { interactivePod } from '../../render/interactive-pod.ts';
import { formatStopped } from '../../report/launch-lines.ts';
import type { DeleteOptions } from '../delete-options.ts';
import { confirm } from '../prompt.ts';
import { keepEnd } from './keep-end.ts';
import { maxProcesses, openRunai } from './open-runai.ts';

/**
 * Lists this user's workloads of this project, asks, and removes them. run:ai has no labels to select by: ours
 * are the interactive pods by their name, and the trials that a run record, or their name, says are ours.
 */
export async function deleteRunaiWorkloads(
  config: Config,
  options: DeleteOptions,
  context: Context,
): Promise<ExitCode> {
  const json = options.json === true;
  const runai = await openRunai(config, context, { json });
  const { executor, records, settings } = runai;
  const { user = '', project_name: project } = config.project;
  const podName = interactivePod(config).name;
  const isPod = (name: string) => name === podName || /^-\d+$/.test(name.slice(podName.length));
  const isTrial = async (name: string) => {
    const record = isRunName(name) ? await records.read(name) : undefined;
    return record?.executor === 'runai' || isOurs(name, record, `${user}-${project}`);
  };
  const glob = options.name === undefined ? undefined : parseGlob(options.name);
  const targets: { readonly name: string; readonly state: string }[] = [];
  const there = await executor.list(context.signal);
  for (const { name, state, reason } of there.values()) {
    if (glob !== undefined && !glob.matches(name)) continue;
    const wanted =
      name.startsWith(podName) && isPod(name)
        ? options.what === 'all' || options.what === 'pods'
        : options.what !== 'pods' &&
          (options.what !== 'failed-jobs' || hasFailed(state)) &&
          (await isTrial(name));
    if (wanted) targets.push({ name, state: reason === undefined ? state : `${state}: ${reason}` });
  }
  if (targets.length === 0) {
    context.stderr.write(
      `nothing of user=${user}, project=${project} to delete in run:ai project ${settings.project}\n`,
    );
    return ExitCode.ok;
  }
  if (!json) for (const { name, state } of targets) context.stderr.write(`${name}  ${state}\n`);
  const count = targets.length === 1 ? 'this 1 workload' : `these ${targets.length} workloads`;
  if (!(await confirm(`Delete ${count} in run:ai project ${settings.project}?`, options, context))) {
    context.stderr.write('nothing was deleted\n');
    return ExitCode.refused;
  }
  let deleted = 0;
  await inOrder(
    targets,
    maxProcesses,
    async ({ name }) => {
      await keepEnd(runai, name, there.get(name), context);
      await executor.remove({ name }, context.signal);
      deleted += 1;
      return `job.run.ai/${name}`;
    },
    (object) =>
      context.stdout.write(json ? `${JSON.stringify({ type: 'deleted', object })}\n` : `${object} deleted\n`),
  ).catch((error) => {
    if (context.signal.aborted)
      context.stderr.write(`${formatStopped(deleted, targets.length, 'workload')}\n`);
    throw error;
  });
  return ExitCode.ok;
}

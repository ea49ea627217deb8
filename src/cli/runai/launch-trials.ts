import type { Context } from '../../context.ts';
import { ExitCode } from '../../exit-code.ts';
import { formatSummary } from '../../report/launch-lines.ts';
import type { LaunchJobsOptions } from '../cluster/launch-jobs.ts';
import { filterOf } from '../local/select-locally.ts';
import type { ProjectPlan } from '../project.ts';
import { openRunai } from './open-runai.ts';
import { submitTrials } from './submit-trials.ts';
import { waitForWorkloads } from './wait-for-workloads.ts';

/** `make job` with `backend: runai`: one workload a trial. */
export async function launchTrials(
  { config, matrix, plan }: ProjectPlan,
  options: LaunchJobsOptions,
  context: Context,
): Promise<ExitCode> {
  const json = options.json === true;
  const runai = await openRunai(config, context, { json });
  const keeps = filterOf(options.where, matrix);
  const specs = [...plan].filter((spec) => keeps(spec.trial));
  const counts = await submitTrials(
    runai,
    specs,
    { ...options, maxParallel: options.max_parallel ?? config.project.max_parallel },
    config,
    context,
  );
  const { changed, ...steps } = counts;
  if (json) context.stdout.write(`${JSON.stringify({ type: 'summary', steps, changed })}\n`);
  else
    context.stderr.write(
      `${formatSummary({ steps, changed, quota: undefined, started: 0, restored: [] })}\n`,
    );
  if (!options.wait) return steps.rejected + steps.left > 0 ? ExitCode.refused : ExitCode.ok;
  const waited = await waitForWorkloads(runai, specs, { json }, config, context);
  return waited === ExitCode.ok && steps.rejected > 0 ? ExitCode.refused : waited;
}

import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { launchOnRunai } from '../../executors/runai/launch.ts';
import { ExitCode } from '../../exit-code.ts';
import { formatStep, formatSummary } from '../../report/launch-lines.ts';
import type { LaunchJobsOptions } from '../cluster/launch-jobs.ts';
import { filterOf } from '../local/select-locally.ts';
import type { ProjectPlan } from '../project.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import { mirrorEnv } from './mirror-env.ts';
import { maxProcesses, openRunai, type RunaiProject } from './open-runai.ts';
import { waitForWorkloads } from './wait-for-workloads.ts';

/** `make job` with `backend: runai`: one workload a trial. */
export async function launchTrials(
  { config, matrix, plan }: ProjectPlan,
  options: LaunchJobsOptions,
  context: Context,
): Promise<ExitCode> {
  const json = options.json === true;
  const runai = await openRunai(config, context, { json });
  const { records } = runai;
  const keeps = filterOf(options.where, matrix);
  const specs = [...plan].filter((spec) => keeps(spec.trial));
  const counts = await launchOnRunai(specs, {
    executor: runai.executor,
    records,
    user: config.project.user ?? '',
    overwrite: options.overwrite,
    only: options.only,
    maxParallel: options.max_parallel ?? config.project.max_parallel,
    concurrency: Math.min(config.project.concurrency, maxProcesses),
    prepareNamespace: async () => {
      const done = await mirrorEnv(runai, config, context);
      if (done !== undefined) context.stderr.write(`secret/${runai.settings.secretName} ${done}\n`);
    },
    harvest: (name, log) => harvest(runai, name, path.join(context.cwd, log), context.signal),
    report: (step) => {
      const lines = json
        ? [JSON.stringify({ type: 'job', ...step, diagnostics: undefined })]
        : formatStep(step, { kind: 'job.run.ai', left: 'max_parallel is reached' });
      context.stdout.write(`${lines.join('\n')}\n`);
      reportDiagnostics(step.diagnostics, context, { json });
    },
    signal: context.signal,
  });
  const { changed, ...steps } = counts;
  if (json) context.stdout.write(`${JSON.stringify({ type: 'summary', steps, changed })}\n`);
  else
    context.stderr.write(
      `${formatSummary({ steps, changed, quota: undefined, started: 0, restored: [] })}\n`,
    );
  const code = steps.rejected + steps.left > 0 ? ExitCode.refused : ExitCode.ok;
  if (!options.wait) return code;
  const waited = await waitForWorkloads(runai, specs, { json }, context);
  return waited === ExitCode.ok ? code : waited;
}

/** Keeps what a workload has printed, before it is deleted. Its pod may be gone, which must not stop the launch. */
async function harvest(
  { executor }: RunaiProject,
  name: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await pipeline(executor.logs({ name }, { follow: false }, signal), createWriteStream(file));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DiagnosticError)) throw error;
  }
}

import path from 'node:path';
import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { launchOnRunai, type RunaiLaunchCounts } from '../../executors/runai/launch.ts';
import { isQueued } from '../../executors/runai/runai-executor.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { formatStep } from '../../report/launch-lines.ts';
import type { LaunchJobsOptions } from '../cluster/launch-jobs.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import { keepLog } from './keep-end.ts';
import { mirrorEnv } from './mirror-env.ts';
import { maxProcesses, type RunaiProject } from './open-runai.ts';

/**
 * Submits of these trials those that wait for a slot of `max_parallel`, as far as there are some.
 *
 * @returns how many wait still
 */
export async function continueSweep(
  runai: RunaiProject,
  specs: Iterable<JobSpec>,
  { json }: { readonly json: boolean },
  config: Config,
  context: Context,
): Promise<number> {
  const waiting: JobSpec[] = [];
  let maxParallel = config.project.max_parallel;
  for (const spec of specs) {
    const record = await runai.records.read(spec.name);
    if (!isQueued(record)) continue;
    waiting.push(spec);
    maxParallel = record.slots ?? maxParallel;
  }
  if (waiting.length === 0) return 0;
  const { left } = await submitTrials(runai, waiting, { json, maxParallel, quiet: true }, config, context);
  return left;
}

/** One workload a trial, as far as there is room; each step is told as on Kubernetes. */
export async function submitTrials(
  runai: RunaiProject,
  specs: readonly JobSpec[],
  options: Partial<Pick<LaunchJobsOptions, 'overwrite' | 'only' | 'json'>> & {
    readonly maxParallel: number | undefined;
    /** Only what is done is told, not what waits still. */
    readonly quiet?: boolean;
  },
  config: Config,
  context: Context,
): Promise<RunaiLaunchCounts> {
  const json = options.json === true;
  return await launchOnRunai(specs, {
    executor: runai.executor,
    records: runai.records,
    user: config.project.user ?? '',
    overwrite: options.overwrite,
    only: options.only,
    maxParallel: options.maxParallel,
    concurrency: Math.min(config.project.concurrency, maxProcesses),
    prepareNamespace: async () => {
      const done = await mirrorEnv(runai, config, context);
      if (done !== undefined) context.stderr.write(`secret/${runai.settings.secretName} ${done}\n`);
    },
    harvest: (name, log) => keepLog(runai, name, path.join(context.cwd, log), context.signal),
    report: (step) => {
      if (options.quiet && step.result === 'left') return;
      const lines = json
        ? [JSON.stringify({ type: 'job', ...step, diagnostics: undefined })]
        : formatStep(step, { kind: 'job.run.ai', left: 'max_parallel is reached' });
      // What another command does on the way is not its result.
      (options.quiet && !json ? context.stderr : context.stdout).write(`${lines.join('\n')}\n`);
      reportDiagnostics(step.diagnostics, context, { json });
    },
    now: context.now,
    signal: context.signal,
  });
}

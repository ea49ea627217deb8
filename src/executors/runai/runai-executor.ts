import { setTimeout as sleep } from 'node:timers/promises';
import type { JobSpec } from '../../matrix/job-spec.ts';
import type { Executor, Observation, Outcome, PreparedJob } from '../executor.ts';
import { classifyStatus, parseJobList } from './job-list.ts';
import type { RunaiCli } from './runai-cli.ts';

/** The name under which records say that a trial ran on run:ai. */
export const runaiExecutorName = 'runai';

export interface PreparedRunaiJob extends PreparedJob {
  /** The whole command line, `runai` first. */
  readonly argv: readonly string[];
}

export interface RunaiExecutorOptions {
  /** The run:ai project. */
  readonly project: string;
  readonly cli: RunaiCli;
  /** The command line that submits a trial, `runai` first. */
  readonly commandLine: (spec: JobSpec) => readonly string[];
  /** Milliseconds between two looks of `wait`. */
  readonly pollInterval: number;
}

/** Trials as run:ai workloads, through the user's own `runai` command. */
export function createRunaiExecutor(options: RunaiExecutorOptions): Executor<PreparedRunaiJob> {
  const { cli } = options;
  const project = ['--project', options.project];

  const list = async (signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> => {
    const jobs = parseJobList(await cli.run(['list', 'jobs', ...project], signal));
    return new Map(jobs.map(({ name, status }) => [name, { name, ...classifyStatus(status) }]));
  };

  return {
    name: runaiExecutorName,

    prepare(spec) {
      return { spec, files: new Map(), argv: options.commandLine(spec) };
    },

    list,

    async submit(job, signal) {
      await cli.run(job.argv.slice(1), signal);
      return { name: job.spec.name };
    },

    async wait(handle, signal) {
      for (;;) {
        const observation = (await list(signal)).get(handle.name);
        const outcome = endOf(observation);
        if (outcome !== undefined) return outcome;
        await sleep(options.pollInterval, undefined, { signal });
      }
    },

    async remove(handle, signal) {
      if (!(await list(signal)).has(handle.name)) return;
      await cli.run(['delete', 'job', handle.name, ...project], signal);
      // The name is free only when the listing no longer shows it.
      while ((await list(signal)).has(handle.name)) await sleep(options.pollInterval, undefined, { signal });
    },

    async *logs(handle, { follow }, signal) {
      yield* cli.stream(['logs', handle.name, ...project, ...(follow ? ['--follow'] : [])], signal);
    },
  };
}

/** How it ended, or `undefined` while it has not. A workload somebody deleted meanwhile has failed. */
function endOf(observation: Observation | undefined): Outcome | undefined {
  if (observation === undefined)
    return { state: 'failed', reason: 'the workload is gone: somebody deleted it' };
  switch (observation.state) {
    case 'succeeded':
    case 'failed':
    case 'timeout':
    case 'interrupted':
    case 'lost':
      return {
        state: observation.state,
        ...(observation.reason !== undefined && { reason: observation.reason }),
      };
    default:
      return undefined;
  }
}

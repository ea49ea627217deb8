import { setTimeout as sleep } from 'node:timers/promises';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { isRunName, logPath } from '../../records/run-paths.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { Executor, Observation, Outcome, PreparedJob, RecordStore } from '../executor.ts';
import { explainDescription } from './job-description.ts';
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
  /** run:ai's listing carries no fingerprints: what was submitted from here is known by its record. */
  readonly records: RecordStore;
  readonly now: () => number;
  /** Milliseconds between two looks of `wait`. */
  readonly pollInterval: number;
}

export interface RunaiExecutor extends Executor<PreparedRunaiJob> {
  /** Why a workload waits or has failed, where run:ai knows more than its listing says. */
  explain(name: string, signal: AbortSignal): Promise<string | undefined>;
}

/** Trials as run:ai workloads, through the user's own `runai` command. */
export function createRunaiExecutor(options: RunaiExecutorOptions): RunaiExecutor {
  const { cli, records } = options;
  const project = ['--project', options.project];

  const list = async (signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> => {
    const jobs = parseJobList(await cli.run(['list', 'jobs', ...project], signal));
    const observed = new Map<string, Observation>();
    for (const { name, status } of jobs) {
      const record = ownRecord(isRunName(name) ? await records.read(name) : undefined);
      observed.set(name, {
        name,
        ...classifyStatus(status),
        ...(record && { fingerprint: record.fingerprint, startedAt: record.startedAt }),
      });
    }
    return observed;
  };

  return {
    name: runaiExecutorName,

    prepare(spec) {
      return { spec, files: new Map(), argv: options.commandLine(spec) };
    },

    list,

    async explain(name, signal) {
      try {
        return explainDescription(await cli.run(['describe', 'job', name, ...project], signal));
      } catch (error) {
        // Deleted since it was listed, or a command line that describes otherwise: the listing has to do.
        if (error instanceof DiagnosticError) return undefined;
        throw error;
      }
    },

    async submit(job, signal) {
      signal.throwIfAborted();
      const { spec } = job;
      const before = await records.read(spec.name);
      const attempt = isQueued(before) ? before.attempt : (before?.attempt ?? 0) + 1;
      const record = runaiRecord(spec, 'pending', attempt, new Date(options.now()).toISOString());
      try {
        await cli.run(job.argv.slice(1), signal);
      } catch (error) {
        const known = ownRecord(before);
        if (!isNameTaken(error) || known?.fingerprint.hash !== spec.fingerprint.hash) throw error;
        return { name: spec.name, log: known.log };
      }
      await records.write(record);
      return { name: spec.name, log: record.log };
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

/** A record of a trial that was submitted to run:ai; others say nothing of what is there. */
export function ownRecord(record: RunRecord | undefined): RunRecord | undefined {
  return record?.executor === runaiExecutorName && !isQueued(record) ? record : undefined;
}

/** Whether a trial waits for a slot of `max_parallel`, and has not been submitted. */
export function isQueued(
  record: RunRecord | undefined,
): record is RunRecord & { readonly state: 'suspended' } {
  return record?.executor === runaiExecutorName && record.state === 'suspended';
}

/** Whether run:ai refused because a workload of the name is there. */
export function isNameTaken(error: unknown): error is DiagnosticError {
  return error instanceof DiagnosticError && error.diagnostics[0]?.code === 'RUNAI_NAME_TAKEN';
}

/** The record of a trial that run:ai has taken, or is to take; how it ends is known from run:ai. */
export function runaiRecord(
  spec: JobSpec,
  state: 'pending' | 'suspended',
  attempt: number,
  startedAt: string,
): RunRecord {
  const { model, dataset, hparam } = spec.trial;
  return {
    version: 1,
    name: spec.name,
    model,
    dataset,
    hparam: Object.fromEntries(hparam.map(({ key, text }) => [key, text])),
    fingerprint: spec.fingerprint,
    command: spec.command,
    executor: runaiExecutorName,
    state,
    attempt,
    host: 'run:ai',
    startedAt,
    log: logPath(spec.name, attempt),
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

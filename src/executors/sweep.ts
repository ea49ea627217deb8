import { DiagnosticError } from '../diagnostics/diagnostic.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import type { Report } from '../report/event.ts';
import type { Executor, Outcome } from './executor.ts';

export interface SweepOptions {
  /** Trials at a time. */
  readonly jobs: number;
  /** Start nothing after the first trial that did not succeed, and interrupt what runs beside it. */
  readonly failFast: boolean;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

export interface SweepResult {
  /** Trials that ran and did not succeed. */
  readonly failures: number;
  readonly interrupted: boolean;
}

/** Runs trials to their ends, in order, some at a time, and reports each. One that fails does not end the sweep. */
export async function runSweep(
  specs: Iterable<JobSpec>,
  executor: Executor,
  report: Report,
  options: SweepOptions,
): Promise<SweepResult> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const queue = specs[Symbol.iterator]();
  let ahead: IteratorResult<JobSpec> | undefined;
  let position = 0;
  let failures = 0;

  const work = async () => {
    while (!signal.aborted) {
      const next = ahead ?? queue.next();
      ahead = undefined;
      if (next.done === true) return;
      position++;
      const outcome = await runTrial(next.value, position);
      if (outcome.state === 'succeeded' || outcome.state === 'interrupted') continue;
      failures++;
      if (options.failFast) failed.abort();
    }
  };

  /** Between two short trials every step counts; beside one that runs, none does. */
  const lookAhead = () => {
    if (options.jobs !== 1 || signal.aborted) return;
    ahead = queue.next();
    if (ahead.done !== true) executor.expect?.(executor.prepare(ahead.value));
  };

  const runTrial = async (spec: JobSpec, at: number): Promise<Outcome> => {
    const { trial } = spec;
    const beginning = options.now();
    report({ type: 'trial-started', trial, command: spec.command, position: at });
    const { outcome, log } = await submitAndWait(executor, spec, report, signal, lookAhead);
    report({ type: 'trial-ended', trial, outcome, milliseconds: options.now() - beginning, log });
    return outcome;
  };

  await Promise.all(Array.from({ length: Math.max(1, options.jobs) }, work));
  const interrupted = options.signal.aborted;
  report({ type: 'sweep-ended', interrupted });
  return { failures, interrupted };
}

async function submitAndWait(
  executor: Executor,
  spec: JobSpec,
  report: Report,
  signal: AbortSignal,
  onSubmitted: () => void,
): Promise<{ readonly outcome: Outcome; readonly log: string }> {
  try {
    const handle = await executor.submit(executor.prepare(spec), signal);
    onSubmitted();
    return { outcome: await executor.wait(handle, signal), log: handle.log ?? '-' };
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    for (const diagnostic of error.diagnostics) report({ type: 'diagnostic', diagnostic });
    return { outcome: { state: 'failed', reason: error.message }, log: '-' };
  }
}

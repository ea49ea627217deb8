import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import type { Observation } from '../../executors/executor.ts';
import { recallWorkload } from '../../executors/runai/launch.ts';
import { runaiExecutorName } from '../../executors/runai/runai-executor.ts';
import { ExitCode } from '../../exit-code.ts';
import { hasFailed } from '../../matrix/decide.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import type { RunaiProject } from './open-runai.ts';
import { continueSweep } from './submit-trials.ts';

/** Milliseconds between two looks at run:ai's listing. */
const pollInterval = 2000;

/**
 * Waits until the workloads of these trials have ended, saying so of each; remembers how they ended. Those that
 * wait for a slot of `max_parallel` are submitted as slots become free.
 */
export async function waitForWorkloads(
  runai: RunaiProject,
  specs: readonly JobSpec[],
  { json }: { readonly json: boolean },
  config: Config,
  context: Context,
): Promise<ExitCode> {
  const { executor, records } = runai;
  let queued = await continueSweep(runai, specs, { json }, config, context);
  const open = new Set(specs.map(({ name }) => name));
  const said = new Map<string, string>();
  const counts = { succeeded: 0, failed: 0, gone: 0 };
  const say = (name: string, state: string, reason: string | undefined) => {
    if (said.get(name) === state) return;
    said.set(name, state);
    if (json) context.stdout.write(`${JSON.stringify({ type: 'state', name, state, reason })}\n`);
    else
      context.stdout.write(`Job '${name}' ${phrase(state)}${reason === undefined ? '' : ` (${reason})`}\n`);
  };
  const end = async (name: string, { state, reason }: Observation) => {
    open.delete(name);
    counts[hasFailed(state) ? 'failed' : 'succeeded'] += 1;
    say(name, state, reason);
    const record = await records.read(name);
    if (record === undefined || record.state === state) return;
    if (state !== 'succeeded' && state !== 'failed' && state !== 'timeout') return;
    const endedAt = new Date(context.now()).toISOString();
    await records.write({ ...record, state, endedAt, ...(reason !== undefined && { reason }) });
  };
  for (;;) {
    const there = await executor.list(context.signal);
    for (const name of [...open]) {
      const record = await records.read(name);
      const seen = recallWorkload(there.get(name), record);
      if (seen === undefined) {
        open.delete(name);
        // A trial that was never submitted is nothing to wait for.
        if (record?.executor !== runaiExecutorName) continue;
        counts.gone += 1;
        say(name, 'gone', 'deleted before it was seen to end');
      } else if (seen.state === 'succeeded') await end(name, seen);
      else if (hasFailed(seen.state)) {
        const reason = there.has(name) ? await executor.explain(name, context.signal) : undefined;
        await end(name, reason === undefined ? seen : { ...seen, reason });
      } else say(name, seen.state, seen.reason);
    }
    if (open.size === 0) break;
    await sleep(pollInterval, undefined, { signal: context.signal });
    if (queued > 0) queued = await continueSweep(runai, specs, { json }, config, context);
  }
  if (!json)
    context.stderr.write(
      `${counts.succeeded} succeeded, ${counts.failed} failed${counts.gone > 0 ? `, ${counts.gone} gone` : ''}\n`,
    );
  if (counts.failed > 0) return ExitCode.failed;
  return counts.gone > 0 ? ExitCode.refused : ExitCode.ok;
}

function phrase(state: string): string {
  if (state === 'timeout') return 'timed out';
  return state === 'succeeded' || state === 'failed' ? state : `is ${state}`;
}

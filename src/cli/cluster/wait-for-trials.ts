import { hostname } from 'node:os';
import type { Context } from '../../context.ts';
import type { Observation } from '../../executors/executor.ts';
import { podsOfJob } from '../../executors/kubernetes/harvest-log.ts';
import { judgePackedTrials } from '../../executors/kubernetes/packed-trials.ts';
import { executorName, recordOf } from '../../executors/kubernetes/run-outcome.ts';
import { waitForJobs } from '../../executors/kubernetes/wait.ts';
import { ExitCode } from '../../exit-code.ts';
import { hasFailed } from '../../matrix/decide.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { readPack } from '../../matrix/pack.ts';
import type { DiskRecordStore } from '../../records/record-store.ts';
import { logPath } from '../../records/run-paths.ts';
import type { RunRecord } from '../../records/run-record.ts';
import type { Cluster } from './open-cluster.ts';

/** Waits until the Jobs of these trials have ended, saying so of each; remembers how they ended. */
export async function waitForTrials(
  cluster: Cluster,
  specs: Iterable<JobSpec>,
  options: {
    readonly json: boolean;
    readonly maxParallel: number | undefined;
    readonly records: DiskRecordStore;
  },
  context: Context,
): Promise<ExitCode> {
  const { api, owner } = cluster;
  const commands = new Map<string, string>();
  const packed = new Map<string, JobSpec>();
  for (const spec of specs) {
    commands.set(spec.name, spec.command);
    if (spec.fields.pack > 1) packed.set(spec.name, spec);
  }
  const counts = { succeeded: 0, failed: 0 };
  const say = (name: string, state: string, reason: string | undefined, rest: object = {}): void => {
    if (options.json)
      context.stdout.write(`${JSON.stringify({ type: 'state', name, state, reason, ...rest })}\n`);
    else context.stdout.write(`Job '${name}' ${state}${reason === undefined ? '' : ` (${reason})`}\n`);
  };
  const sayEnd = ({ name, state, reason, exitCode }: Observation): void => {
    counts[hasFailed(state) ? 'failed' : 'succeeded'] += 1;
    say(name, state === 'timeout' ? 'timed out' : state, reason, { exitCode });
  };
  const vanished = await waitForJobs({
    api,
    owner,
    names: new Set(commands.keys()),
    maxParallel: options.maxParallel,
    signal: context.signal,
    report: ({ observation: { name, state, reason } }) => say(name, `is ${state}`, reason),
    ended: async (view, job) => {
      const trials = judgePackedTrials(
        job,
        view,
        readPack(job.metadata.annotations) === undefined
          ? []
          : await podsOfJob(api, job.metadata.name, context.signal),
      );
      for (const { observation } of trials) {
        const spec = packed.get(observation.name);
        if (spec === undefined) continue;
        sayEnd(observation);
        const known = await options.records.read(spec.name);
        const record = packedRecord(spec, observation, (known?.attempt ?? 0) + 1);
        if (record !== undefined && !isSame(known, record)) await options.records.write(record);
      }
      if (trials.length > 0) return;
      const { observation } = view;
      const { name, state } = observation;
      sayEnd(observation);
      if (state !== 'succeeded') return;
      const known = await options.records.read(name);
      if (
        known?.executor === executorName &&
        known.state === state &&
        known.fingerprint.hash === observation.fingerprint?.hash
      )
        return;
      const attempt = (known?.attempt ?? 0) + 1;
      const record = recordOf(job, [], {
        command: commands.get(name) ?? '',
        attempt,
        log: logPath(name, attempt),
      });
      if (record !== undefined) await options.records.write(record);
    },
  });
  for (const name of vanished) say(name, 'is gone', 'deleted before it was seen to end');
  if (!options.json)
    context.stderr.write(
      `${counts.succeeded} succeeded, ${counts.failed} failed${vanished.length > 0 ? `, ${vanished.length} gone` : ''}\n`,
    );
  if (counts.failed > 0) return ExitCode.failed;
  return vanished.length > 0 ? ExitCode.refused : ExitCode.ok;
}

/** The record of a trial that ran in a pack: its Job's annotations speak of all its trials. */
function packedRecord(spec: JobSpec, observation: Observation, attempt: number): RunRecord | undefined {
  const { state, reason, exitCode, startedAt, endedAt, fingerprint } = observation;
  if (state !== 'succeeded' && state !== 'failed' && state !== 'timeout') return undefined;
  return {
    version: 1,
    name: spec.name,
    model: spec.trial.model,
    dataset: spec.trial.dataset,
    hparam: Object.fromEntries(spec.trial.hparam.map(({ key, text }) => [key, text])),
    fingerprint: { hash: fingerprint?.hash ?? '', parts: fingerprint?.parts ?? {} },
    command: spec.command,
    executor: executorName,
    state,
    attempt,
    host: hostname(),
    startedAt: startedAt ?? endedAt ?? '',
    ...(endedAt !== undefined && { endedAt }),
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
    log: logPath(spec.name, attempt),
  };
}

function isSame(known: RunRecord | undefined, record: RunRecord): boolean {
  return (
    known?.executor === record.executor &&
    known.state === record.state &&
    known.startedAt === record.startedAt &&
    known.fingerprint.hash === record.fingerprint.hash
  );
}

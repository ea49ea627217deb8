import type { Context } from '../../context.ts';
import type { Observation } from '../../executors/executor.ts';
import { findForeignJobs } from '../../executors/kubernetes/foreign-jobs.ts';
import { keepPack } from '../../executors/kubernetes/keep-pack.ts';
import { throwRefused } from '../../executors/kubernetes/namespace-api.ts';
import { type Job, jobs } from '../../executors/kubernetes/objects.ts';
import { OutcomeMemory } from '../../executors/kubernetes/outcome-memory.ts';
import { ownerSelector } from '../../executors/kubernetes/owner.ts';
import { countsWithoutJob } from '../../executors/kubernetes/run-outcome.ts';
import { waitForJobs } from '../../executors/kubernetes/wait.ts';
import { ExitCode } from '../../exit-code.ts';
import { hasFailed } from '../../matrix/decide.ts';
import { readPack } from '../../matrix/pack.ts';
import type { DiskRecordStore } from '../../records/record-store.ts';
import type { TrialState } from '../../records/run-record.ts';
import { ExplainPending } from './explain-pending.ts';
import type { Cluster } from './open-cluster.ts';

/** Waits until the Jobs of these trials have ended, saying so of each; remembers how they ended. */
export async function waitForTrials(
  cluster: Cluster,
  /** `undefined`: all that have a Job. */
  trials: Iterable<{ readonly name: string }> | undefined,
  options: {
    readonly json: boolean;
    readonly maxParallel: number | undefined;
    readonly records: DiskRecordStore;
  },
  context: Context,
): Promise<ExitCode> {
  const { api, owner } = cluster;
  const names = new Set<string>();
  for (const { name } of trials ?? (await listTrials(cluster, context.signal))) names.add(name);
  const outcomes = new OutcomeMemory(api, options.records);
  /** Trials that have a Job, of their own or packed with others. */
  const present = new Set<string>();
  const see = ({ metadata }: Job): void => {
    present.add(metadata.name);
    for (const { name } of readPack(metadata.annotations) ?? []) present.add(name);
  };
  const counts = { succeeded: 0, failed: 0 };
  const say = (
    name: string,
    state: TrialState,
    words: string,
    reason: string | undefined,
    rest: object = {},
  ): void => {
    if (options.json)
      context.stdout.write(`${JSON.stringify({ type: 'state', name, state, reason, ...rest })}\n`);
    else context.stdout.write(`Job '${name}' ${words}${reason === undefined ? '' : ` (${reason})`}\n`);
  };
  const sayEnd = ({ name, state, reason, exitCode }: Observation): void => {
    counts[hasFailed(state) ? 'failed' : 'succeeded'] += 1;
    say(name, state, state === 'timeout' ? 'timed out' : state, reason, { exitCode });
  };
  const why = new ExplainPending(cluster, options, context);
  const vanished = await waitForJobs({
    api,
    owner,
    names,
    maxParallel: options.maxParallel,
    signal: context.signal,
    look: (pending, signal) => why.look(pending, signal),
    report: ({ observation: { name, state, reason } }, job) => {
      see(job);
      say(name, state, `is ${state}`, reason);
    },
    ended: async (view, job) => {
      see(job);
      if (readPack(job.metadata.annotations) !== undefined) {
        const ended = await keepPack(job, { api, records: options.records, signal: context.signal });
        for (const observation of ended) if (names.has(observation.name)) sayEnd(observation);
        return;
      }
      sayEnd(view.observation);
      await outcomes.see(job, view.observation, context.signal);
    },
  });
  for (const name of vanished) {
    present.add(name);
    say(name, 'missing', 'is gone', 'deleted before it was seen to end');
  }
  const gone = vanished.length > 0 ? `, ${vanished.length} gone` : '';
  const said =
    names.size === 0 ? 'no trials' : `${counts.succeeded} succeeded, ${counts.failed} failed${gone}`;
  if (!options.json) context.stderr.write(`${said}\n`);
  const missing = [...names].filter(
    (name) =>
      !present.has(name) && !countsWithoutJob(options.records.readListed(name), api.client.serverTime()),
  );
  const taken = await findForeignJobs(api, owner, missing, context.signal);
  for (const [name, owner] of taken) context.stderr.write(`"${name}" has no Job: ${owner}\n`);
  const [first, ...more] = missing.filter((name) => !taken.has(name));
  if (first !== undefined) {
    const what = more.length === 0 ? `"${first}" has` : `${more.length + 1} trials have`;
    context.stderr.write(`${what} no Job in namespace ${api.namespace}; make job creates what is missing\n`);
  }
  if (counts.failed > 0) return ExitCode.failed;
  return vanished.length + missing.length > 0 ? ExitCode.refused : ExitCode.ok;
}

/** The trials of all Jobs that are there, those of packs one by one. */
async function listTrials(
  { api, owner }: Cluster,
  signal: AbortSignal,
): Promise<readonly { readonly name: string }[]> {
  const { items } = await api
    .list(jobs, { labels: ownerSelector(owner) }, signal)
    .catch((error) => throwRefused('the Jobs cannot be listed', error));
  return items.flatMap(
    ({ metadata }): readonly { readonly name: string }[] => readPack(metadata.annotations) ?? [metadata],
  );
}

import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { readPack } from '../../matrix/pack.ts';
import { logPath } from '../../records/run-paths.ts';
import type { RunRecord } from '../../records/run-record.ts';
import { PackedLines } from '../../report/packed-lines.ts';
import type { Observation, RecordStore } from '../executor.ts';
import { readTail } from './harvest-log.ts';
import { judgeJob } from './job-state.ts';
import type { NamespaceApi } from './namespace-api.ts';
import type { Job, Pod } from './objects.ts';
import { judgePackedTrials } from './packed-trials.ts';
import { podsOfJob } from './pods-of-job.ts';
import { attemptOf, executorName } from './run-outcome.ts';

export interface KeepPackOptions {
  readonly api: NamespaceApi;
  readonly records: RecordStore;
  /** The project's folder, to save what the trials have printed; without, only records are written. */
  readonly root?: string;
  /** Of trials that run, since the Job is about to be deleted: why they have not ended. */
  readonly interruption?: string;
  readonly signal: AbortSignal;
}

/**
 * Writes down how the trials of a packed Job have ended, so that it outlives the Job.
 *
 * @returns those that have ended; none of a Job that is no pack
 */
export async function keepPack(
  job: Job,
  { api, records, root, interruption, signal }: KeepPackOptions,
): Promise<readonly Observation[]> {
  const trials = readPack(job.metadata.annotations);
  if (trials === undefined) return [];
  const jobPods = await podsOfJob(api, job, signal);
  const { uid } = job.metadata;
  const recorded = new Map<string, RunRecord | undefined>();
  for (const { name } of trials) recorded.set(name, await records.read(name));
  const recall = (name: string) => recorded.get(name);
  const views = judgePackedTrials(job, judgeJob(job, jobPods), jobPods, undefined, recall);
  const ended: Observation[] = [];
  let printed: Buffer | undefined;
  for (const [index, { observation }] of views.entries()) {
    const trial = trials[index];
    const { name, exitCode, startedAt, endedAt } = observation;
    const isInterrupted = interruption !== undefined && observation.state === 'running';
    const state = isInterrupted ? 'interrupted' : observation.state;
    const reason = isInterrupted ? interruption : observation.reason;
    if (trial === undefined) continue;
    if (state !== 'succeeded' && state !== 'failed' && state !== 'timeout' && state !== 'interrupted')
      continue;
    if (!isInterrupted) ended.push(observation);
    const known = recall(name);
    // What was seen of it while its pods were there says more.
    if (jobPods.length === 0 && known?.uid === uid) continue;
    const attempt = attemptOf(job, known);
    const record: RunRecord = {
      version: 1,
      name,
      model: trial.model,
      dataset: trial.dataset,
      hparam: trial.hparam,
      fingerprint: trial.fingerprint,
      command: known?.command ?? '',
      executor: executorName,
      uid,
      outlives: true,
      state,
      attempt,
      host: hostname(),
      startedAt: startedAt ?? job.metadata.creationTimestamp,
      ...(endedAt !== undefined && { endedAt }),
      ...(exitCode !== undefined && { exitCode }),
      ...(reason !== undefined && { reason }),
      log: logPath(name, attempt),
    };
    const written = known !== undefined && isSame(known, record) ? known : record;
    if (written === record) await records.write(record);
    if (root === undefined) continue;
    printed ??= await readLog(api, jobPods, trials.length, signal);
    const lines = new PackedLines([name]);
    await mkdir(dirname(join(root, written.log)), { recursive: true });
    await writeFile(join(root, written.log), Buffer.concat([lines.add(printed), lines.end()]));
  }
  return ended;
}

async function readLog(
  api: NamespaceApi,
  jobPods: readonly Pod[],
  trials: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const pod = jobPods
    .toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .at(-1);
  return pod === undefined ? Buffer.alloc(0) : readTail(api, pod, signal, trials);
}

function isSame(known: RunRecord, record: RunRecord): boolean {
  return (
    known.executor === record.executor &&
    known.uid === record.uid &&
    known.state === record.state &&
    known.startedAt === record.startedAt &&
    known.fingerprint.hash === record.fingerprint.hash
  );
}

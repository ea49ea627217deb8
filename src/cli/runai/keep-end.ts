import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import type { Observation } from '../../executors/executor.ts';
import { ownRecord } from '../../executors/runai/runai-executor.ts';
import { isRunName } from '../../records/run-paths.ts';
import type { RunaiProject } from './open-runai.ts';

/** Writes down how a trial has ended, and what it printed, before its workload is deleted. */
export async function keepEnd(
  runai: RunaiProject,
  name: string,
  seen: Observation | undefined,
  context: Context,
): Promise<void> {
  const record = ownRecord(isRunName(name) ? await runai.records.read(name) : undefined);
  const state = seen?.state;
  if (record === undefined || (state !== 'succeeded' && state !== 'failed' && state !== 'timeout')) return;
  await keepLog(runai, name, path.join(context.cwd, record.log), context.signal);
  if (record.state === state) return;
  const endedAt = new Date(context.now()).toISOString();
  const reason = seen?.reason;
  await runai.records.write({ ...record, state, endedAt, ...(reason !== undefined && { reason }) });
}

/** Keeps what a workload has printed, before it is deleted. Its pod may be gone, which must not stop the launch. */
export async function keepLog(
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

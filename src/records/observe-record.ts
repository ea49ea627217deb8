import { hostname } from 'node:os';
import type { Observation } from '../executors/executor.ts';
import { isAlive } from './process-identity.ts';
import { type RunRecord, unseenEnd } from './run-record.ts';

/**
 * How a trial stands by its record. One that says `running` is looked at: its process may be gone, by a power
 * loss or a SIGKILL of the toolbox, and then the trial is `lost`. On another host nothing can be seen.
 */
export function observeRecord(record: RunRecord): Observation {
  const { name, fingerprint, exitCode, signal, startedAt, endedAt, reason } = record;
  const rest = {
    name,
    fingerprint,
    startedAt,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
  if (record.state === 'interrupted' && reason === unseenEnd) return { name, state: 'missing', reason };
  if (record.state !== 'running' || record.executor !== 'local') {
    return { ...rest, state: record.state, ...(reason === undefined ? {} : { reason }) };
  }
  if (record.host !== hostname()) {
    return { ...rest, state: 'running', reason: `on ${record.host}, which cannot be looked at from here` };
  }
  if (record.process !== undefined && isAlive(record.process)) {
    return { ...rest, state: 'running', reason: `pid ${record.process.pid}` };
  }
  return { ...rest, state: 'lost', reason: 'the toolbox was killed, or the machine stopped, while it ran' };
}

import type { RunRecord } from '../../src/records/run-record.ts';
import type { ProjectFolder } from './project-folder.ts';

/** A run record as a sweep leaves it. */
export function writeRecord(project: ProjectFolder, name: string, code?: string): void {
  const record: RunRecord = {
    version: 1,
    name,
    model: 't',
    dataset: '',
    hparam: {},
    fingerprint: { hash: 'f'.repeat(64), parts: {} },
    command: 'true',
    ...(code === undefined ? {} : { code }),
    executor: 'kubernetes',
    state: 'succeeded',
    attempt: 1,
    host: 'here',
    startedAt: '2026-01-01T00:00:00Z',
    log: `.toolbox/runs/${name}/attempt-1.log`,
  };
  project.write(`.toolbox/runs/${name}/record.json`, JSON.stringify(record));
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { LocalExecutor } from '../../src/executors/local.ts';
import type { JobSpec } from '../../src/matrix/job-spec.ts';
import { acquireProjectLock } from '../../src/records/project-lock.ts';
import { DiskRecordStore } from '../../src/records/record-store.ts';
import { testExecutorContract } from '../contract/executor-contract.ts';

const commands = { succeed: 'echo hello', fail: 'exit 3', hang: 'sleep 600' };

describe('LocalExecutor', () => {
  testExecutorContract('local', async () => {
    const root = mkdtempSync(join(tmpdir(), 'local-executor-'));
    const warn = (diagnostic: { message: string }) => {
      throw new Error(diagnostic.message);
    };
    const lock = acquireProjectLock(root, { command: 'test', now: Date.now() });
    const environment = { PATH: process.env['PATH'] ?? '' };
    const executor = new LocalExecutor({
      root,
      records: new DiskRecordStore(root, warn, lock),
      bash: '/bin/bash',
      base: () => environment,
      dotenv: new Map(),
      now: Date.now,
      output: () => undefined,
      warn,
    });
    return {
      executor,
      spec: (name, what): JobSpec => ({
        trial: { index: 0, model: 'm', dataset: '', hparam: [], name },
        name,
        side: 'local',
        command: commands[what],
        env: {},
        // A local run can do without any field.
        fields: {} as JobSpec['fields'],
        fingerprint: { hash: what.padEnd(64, '0'), parts: {} },
      }),
      async finished() {
        await executor.settle();
        lock[Symbol.dispose]();
        rmSync(root, { recursive: true, force: true });
      },
    };
  });
});

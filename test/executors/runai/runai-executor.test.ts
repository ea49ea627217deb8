import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRunaiCli } from '../../../src/executors/runai/runai-cli.ts';
import { createRunaiExecutor } from '../../../src/executors/runai/runai-executor.ts';
import { resolveRunaiSettings } from '../../../src/executors/runai/settings.ts';
import { formatSubmitArguments } from '../../../src/executors/runai/submit-arguments.ts';
import type { JobSpec } from '../../../src/matrix/job-spec.ts';
import { DiskRecordStore } from '../../../src/records/record-store.ts';
import { testExecutorContract } from '../../contract/executor-contract.ts';

const never = new AbortController().signal;

/** An executor on the stand-in for the run:ai command line, which moves workloads on when it is told to. */
async function open() {
  const root = mkdtempSync(join(tmpdir(), 'runai-executor-'));
  const state = join(root, 'state.json');
  const cli = createRunaiCli(
    { PATH: `${resolve('test/fakes/runai')}:${process.env['PATH']}`, RUNAI_STATE: state },
    root,
  );
  const settings = resolveRunaiSettings({ runai: { project: 'lab' } }, new Map(), undefined);
  if (!settings.ok) throw new Error(settings.diagnostics[0]?.message);
  const records = new DiskRecordStore(root, ({ message }) => {
    throw new Error(message);
  });
  const executor = createRunaiExecutor({
    project: 'lab',
    cli,
    records,
    now: Date.now,
    pollInterval: 10,
    commandLine: ({ name, command }) =>
      formatSubmitArguments(
        {
          name,
          command,
          kind: 'training',
          image: 'lab/python:3',
          gpus: 0,
          retries: 0,
          ports: [],
          claims: [],
          env: {},
          annotations: {},
        },
        settings.value,
      ),
  });
  const spec = (name: string, what: string): JobSpec => ({
    trial: { index: 0, model: 'm', dataset: '', hparam: [], name },
    name,
    side: 'remote',
    command: what,
    env: {},
    // The command line above asks for none.
    fields: {} as JobSpec['fields'],
    fingerprint: { hash: what.padEnd(64, '0'), parts: {} },
  });
  return {
    executor,
    records,
    spec,
    cannotTell: { exitCode: true },
    async advance(name: string, what: 'succeed' | 'fail'): Promise<void> {
      // Not while a command of the executor has it open.
      await cli.run(['finish', name, what === 'succeed' ? 'Succeeded' : 'Failed', 'hello\n'], never);
    },
    calls: (): string[][] => (JSON.parse(readFileSync(state, 'utf8')) as { calls: string[][] }).calls,
    async finished(): Promise<void> {
      rmSync(root, { recursive: true });
    },
  };
}

describe('the run:ai executor', () => {
  testExecutorContract('runai', open);

  it('takes a name that is taken for its own only with a record that says the same', async () => {
    const { executor, records, spec, finished } = await open();
    await executor.submit(executor.prepare(spec('mine', 'hang')), never);
    const other = executor.submit(executor.prepare(spec('mine', 'succeed')), never);
    await expect(other).rejects.toMatchObject({ diagnostics: [{ code: 'RUNAI_NAME_TAKEN' }] });
    expect((await records.read('mine'))?.attempt).toBe(1);
    await finished();
  });

  it('writes no record of what run:ai has not taken', async () => {
    const { executor, records, spec, finished } = await open();
    const prepared = { ...executor.prepare(spec('bad', 'hang')), argv: ['runai', 'submit'] };
    await expect(executor.submit(prepared, never)).rejects.toMatchObject({
      diagnostics: [{ code: 'RUNAI_REFUSED' }],
    });
    expect(await records.read('bad')).toBeUndefined();
    await finished();
  });

  it('starts no process for a submission that is aborted', async () => {
    const { executor, spec, calls, finished } = await open();
    await executor.list(never);
    const before = calls().length;
    const submit = executor.submit(executor.prepare(spec('not', 'hang')), AbortSignal.abort());
    await expect(submit).rejects.toThrow();
    expect(calls()).toHaveLength(before);
    await finished();
  });
});

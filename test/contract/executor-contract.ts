import { expect, it } from 'vitest';
import type { executors } from '../../src/backends.ts';
import type { Executor } from '../../src/executors/executor.ts';
import type { JobSpec } from '../../src/matrix/job-spec.ts';

/** What a test has of an executor: a fresh one, and specs it can run. `finished` must be awaited at the end. */
export interface ExecutorUnderTest {
  readonly executor: Executor;
  /** What its backend has no way to tell; then it says nothing rather than something made up. */
  readonly cannotTell?: { readonly exitCode?: boolean };
  /** A spec of that name; `succeed` prints `hello` and ends well, `fail` ends with exit code 3, `hang` does not end. */
  spec(name: string, what: 'succeed' | 'fail' | 'hang'): JobSpec;
  /** Lets workloads come to the end their spec asks for, where the test's backend does not do so by itself. */
  advance?(name: string, what: 'succeed' | 'fail'): Promise<void>;
  finished(): Promise<void>;
}

const never = new AbortController().signal;

/** The tests every executor passes; call it inside a `describe`. */
export function testExecutorContract(
  name: keyof typeof executors,
  open: () => Promise<ExecutorUnderTest>,
): void {
  const contract = (what: string, run: (under: ExecutorUnderTest) => Promise<void>) =>
    it(what, async () => {
      const under = await open();
      try {
        await run(under);
      } finally {
        await under.finished();
      }
    });

  contract('has the name that the list of executors and run records give it', async ({ executor }) => {
    expect(executor.name).toBe(name);
  });

  contract('runs a trial to its end, and lists it', async ({ executor, spec, advance }) => {
    expect((await executor.list(never)).size).toBe(0);
    const handle = await executor.submit(executor.prepare(spec('good', 'succeed')), never);
    expect(handle.name).toBe('good');
    const waiting = executor.wait(handle, never);
    await advance?.('good', 'succeed');
    expect(await waiting).toMatchObject({ state: 'succeeded' });
    const seen = (await executor.list(never)).get('good');
    expect(seen).toMatchObject({ name: 'good', state: 'succeeded' });
    expect(seen?.fingerprint?.hash).toBe(spec('good', 'succeed').fingerprint.hash);
  });

  contract('tells a failure and its exit code', async ({ executor, spec, advance, cannotTell }) => {
    const handle = await executor.submit(executor.prepare(spec('bad', 'fail')), never);
    await advance?.('bad', 'fail');
    const { state, exitCode } = await executor.wait(handle, never);
    expect({ state, exitCode }).toEqual({
      state: 'failed',
      exitCode: cannotTell?.exitCode === true ? undefined : 3,
    });
    expect((await executor.list(never)).get('bad')).toMatchObject({ state: 'failed' });
  });

  contract('prepares without touching the world, and the same each time', async ({ executor, spec }) => {
    const first = executor.prepare(spec('same', 'succeed'));
    expect([...executor.prepare(spec('same', 'succeed')).files]).toEqual([...first.files]);
    expect((await executor.list(never)).size).toBe(0);
  });

  contract('submitting what runs already is submitting it once', async ({ executor, spec }) => {
    const prepared = executor.prepare(spec('twice', 'hang'));
    const first = await executor.submit(prepared, never);
    expect((await executor.submit(prepared, never)).uid).toBe(first.uid);
    await executor.remove(first, never);
  });

  contract('waiting for what somebody has removed ends', async ({ executor, spec }) => {
    const handle = await executor.submit(executor.prepare(spec('lost', 'hang')), never);
    const waiting = executor.wait(handle, never);
    await executor.remove(handle, never);
    expect(['failed', 'interrupted']).toContain((await waiting).state);
  });

  contract(
    'removing ends it and waits until it is gone; absent counts as gone',
    async ({ executor, spec }) => {
      const handle = await executor.submit(executor.prepare(spec('gone', 'hang')), never);
      await executor.remove(handle, never);
      expect((await executor.list(never)).has('gone')).toBe(false);
      await executor.remove(handle, never);
    },
  );

  contract('a wait ends soon after its signal is aborted', async ({ executor, spec }) => {
    const handle = await executor.submit(executor.prepare(spec('long', 'hang')), never);
    const controller = new AbortController();
    const waiting = executor.wait(handle, controller.signal).then(
      ({ state }) => state,
      () => 'threw',
    );
    controller.abort();
    expect(['interrupted', 'threw']).toContain(await waiting);
    await executor.remove(handle, never);
  });

  contract('an aborted submit submits nothing', async ({ executor, spec }) => {
    await expect(
      executor.submit(executor.prepare(spec('not', 'succeed')), AbortSignal.abort()),
    ).rejects.toThrow();
    expect((await executor.list(never)).has('not')).toBe(false);
  });

  contract('gives the output from its beginning', async ({ executor, spec, advance }) => {
    const handle = await executor.submit(executor.prepare(spec('talks', 'succeed')), never);
    await advance?.('talks', 'succeed');
    const chunks: Uint8Array[] = [];
    for await (const chunk of executor.logs(handle, { follow: true }, never)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('hello\n');
    await executor.wait(handle, never);
  });
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitForTrials } from '../../src/cli/cluster/wait-for-trials.ts';
import type { Context } from '../../src/context.ts';
import { NamespaceApi } from '../../src/executors/kubernetes/namespace-api.ts';
import type { RetryPolicy } from '../../src/executors/kubernetes/retry-policy.ts';
import { DiskRecordStore } from '../../src/records/record-store.ts';
import { connectToFake, jobObject } from '../executors/kubernetes/connect-to-fake.ts';
import { type FakeCluster, startFakeCluster } from '../fakes/kubernetes-api.ts';
import { kinds } from '../fakes/kubernetes-api-kinds.ts';
import type { Fate } from '../fakes/kubernetes-api-simulation.ts';
import type { ApiObject } from '../fakes/kubernetes-api-store.ts';

/** A clock that stands still until it is moved, and whoever sleeps by it. */
class HandClock {
  #now = 0;
  #sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  readonly policy: Partial<RetryPolicy> = {
    now: () => this.#now,
    sleep: (milliseconds, signal) =>
      new Promise((settle, fail) => {
        this.#sleepers.push({ until: this.#now + milliseconds, wake: settle });
        signal.addEventListener('abort', () => fail(signal.reason));
      }),
  };

  get sleepers(): number {
    return this.#sleepers.length;
  }

  advance(seconds: number): void {
    this.#now += seconds * 1000;
    for (const { until, wake } of this.#sleepers) if (until <= this.#now) wake();
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#now);
  }
}

let cluster: FakeCluster;
let root: string;
let clock: HandClock;
let api: NamespaceApi;
const said = { stdout: '', stderr: '' };

beforeEach(async () => {
  cluster = await startFakeCluster();
  root = await mkdtemp(join(tmpdir(), 'wait-pending-'));
  clock = new HandClock();
  api = new NamespaceApi(connectToFake(cluster, { policy: clock.policy }), 'lab');
  Object.assign(said, { stdout: '', stderr: '' });
});

afterEach(async () => {
  api.client.close();
  await cluster.stop();
  await rm(root, { recursive: true, force: true });
});

function add(name: string, fate: Fate, change: (job: ApiObject) => void = () => undefined): void {
  const job = { ...jobObject(name), status: {} } as unknown as ApiObject;
  job.metadata.namespace = 'lab';
  job['spec'].template.metadata = { labels: job.metadata.labels };
  cluster.store.add(kinds.jobs, job);
  cluster.simulation.move('lab', name, fate);
  const stored = cluster.store.get('jobs', 'lab', name);
  if (stored !== undefined) cluster.store.update('jobs', stored, change);
}

function wait(options: { readonly json?: boolean } = {}): Promise<number> {
  const stream = (name: 'stdout' | 'stderr') =>
    new PassThrough().on('data', (chunk: Buffer) => {
      said[name] += chunk.toString('utf8');
    });
  const context = {
    cwd: root,
    env: {},
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    now: Date.now,
    signal: new AbortController().signal,
  } as unknown as Context;
  const records = new DiskRecordStore(root, () => undefined);
  const whole = { api, owner: { user: 'alice', project: 'example' }, keep: async () => undefined };
  return waitForTrials(
    { ...whole, [Symbol.dispose]: () => undefined },
    undefined,
    { json: options.json === true, maxParallel: undefined, records },
    context,
  );
}

function looks(): number {
  return cluster.requests.filter(({ path, query }) => path.endsWith('/pods') && query.has('fieldSelector'))
    .length;
}

/** Somebody waits for the clock: whatever is to be said by now has been said. */
async function asleep(): Promise<void> {
  await expect.poll(() => clock.sleepers, { timeout: 5000 }).toBe(1);
}

const unpulled: Fate = { kind: 'image-error', message: 'Back-off pulling image "docker.io/lab/python:3"' };

it('says why Jobs are pending once they have been so for a while, and again when that changes', async () => {
  add('a', { kind: 'unschedulable' });
  add('b', { kind: 'unschedulable' });
  add('c', { kind: 'running' });
  const code = wait();
  await asleep();
  expect(said.stdout).toContain("Job 'a' is pending");
  clock.advance(10);
  expect(looks()).toBe(0);
  clock.advance(5);
  await asleep();
  expect(said.stderr).toMatch(/^2 pending: .*nvidia.com\/gpu.* \(a, b\)\n$/);
  clock.advance(60);
  await asleep();
  expect(looks()).toBe(2);
  expect(said.stderr.split('\n')).toHaveLength(2);
  cluster.simulation.move('lab', 'b', unpulled);
  clock.advance(60);
  await asleep();
  expect(said.stderr).toMatch(/\n1 pending: the image docker.io\/lab\/python:3 cannot be pulled.* \(b\)\n$/);
  expect(said.stderr.split('\n')).toHaveLength(3);
  for (const name of ['a', 'b', 'c']) cluster.simulation.move('lab', name, { kind: 'succeeded' });
  expect(await code).toBe(0);
  expect(looks()).toBe(3);
});

it('looks no more when nothing is pending', async () => {
  add('a', { kind: 'unschedulable' });
  const code = wait();
  await asleep();
  clock.advance(15);
  await asleep();
  cluster.simulation.move('lab', 'a', { kind: 'running' });
  await expect.poll(() => said.stdout).toContain("Job 'a' is running");
  clock.advance(60);
  expect(clock.sleepers).toBe(0);
  cluster.simulation.move('lab', 'a', { kind: 'succeeded' });
  expect(await code).toBe(0);
  expect(looks()).toBe(1);
});

it('looks at once at what has been pending for long', async () => {
  add('a', { kind: 'unschedulable' }, (job) => {
    job['status'].startTime = '2020-01-01T00:00:00Z';
  });
  const code = wait({ json: true });
  await asleep();
  const lines = said.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    { type: 'state', name: 'a', state: 'pending' },
    { type: 'pending', reason: expect.stringContaining('nvidia.com/gpu'), names: ['a'] },
  ]);
  expect(said.stderr).toBe('');
  cluster.simulation.move('lab', 'a', { kind: 'succeeded' });
  expect(await code).toBe(0);
});

it.each(['pods', 'events'])('goes on for somebody who may not list %s', async (resource) => {
  cluster.denied = (_, verb, what) => verb === 'list' && what === resource;
  add('a', { kind: 'creating' });
  const code = wait();
  await asleep();
  clock.advance(15);
  await asleep();
  expect(looks()).toBe(1);
  expect(said.stderr).toBe(
    resource === 'pods' ? '' : '1 pending: the container is being made on node1 (a)\n',
  );
  cluster.simulation.move('lab', 'a', { kind: 'succeeded' });
  expect(await code).toBe(0);
});

it('ends although a look has no answer', async () => {
  cluster.fail({ kind: 'hang' }, { when: ({ path }) => path.endsWith('/pods') });
  add('a', { kind: 'unschedulable' });
  const code = wait();
  await asleep();
  clock.advance(15);
  await expect.poll(looks).toBe(1);
  cluster.simulation.move('lab', 'a', { kind: 'succeeded' });
  expect(await code).toBe(0);
});

it('finds out which Jobs run where the server does not count pods that are ready', async () => {
  const uncount = (job: ApiObject): void => {
    delete job['status'].ready;
  };
  add('a', { kind: 'unschedulable' }, uncount);
  add('b', { kind: 'running' }, uncount);
  const code = wait();
  await asleep();
  expect(said.stdout).toBe('');
  clock.advance(15);
  await asleep();
  expect(said.stdout).toBe("Job 'b' is running\n");
  expect(said.stderr).toMatch(/^1 pending: .*nvidia.com\/gpu.* \(a\)\n$/);
  for (const name of ['a', 'b']) cluster.simulation.move('lab', name, { kind: 'succeeded' });
  expect(await code).toBe(0);
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NamespaceApi } from '../../../src/executors/kubernetes/namespace-api.ts';
import { type Job, jobs } from '../../../src/executors/kubernetes/objects.ts';
import { retireJob } from '../../../src/executors/kubernetes/retire-job.ts';
import { DiskRecordStore } from '../../../src/records/record-store.ts';
import { type FakeCluster, startFakeCluster } from '../../fakes/kubernetes-api.ts';
import type { ApiObject } from '../../fakes/kubernetes-api-store.ts';
import { connectToFake, jobObject, timelessPolicy } from './connect-to-fake.ts';
import { owner } from './plain-renderer.ts';

let cluster: FakeCluster;
let api: NamespaceApi;
let root: string;
const { signal } = new AbortController();

beforeEach(async () => {
  cluster = await startFakeCluster();
  api = new NamespaceApi(connectToFake(cluster, { policy: timelessPolicy() }), 'lab');
  root = await mkdtemp(join(tmpdir(), 'retire-'));
});
afterEach(async () => {
  api.client.close();
  await cluster.stop();
  await rm(root, { recursive: true });
});

it('waits for the pods of several nodes, which are called by names that the next Job uses', async () => {
  cluster.podGrace = 600_000;
  cluster.simulation.fate = () => ({ kind: 'running' });
  const object = jobObject('nodes', {
    spec: { completionMode: 'Indexed', completions: 2, parallelism: 2 },
  }) as unknown as Job;
  await api.create<Job>(jobs, object, () => false, signal);
  await expect.poll(() => cluster.store.list('pods').length).toBe(2);
  const there = cluster.store.get('jobs', 'lab', 'nodes') as unknown as Job;
  // They end at the third look at them.
  const { send } = api.client.connection;
  let looks = 0;
  api.client.connection.send = function (attempt, credential) {
    if (attempt.method === 'GET' && /\/pods\?/.test(attempt.path)) looks += 1;
    if (looks === 3)
      for (const pod of cluster.store.list('pods')) cluster.store.remove('pods', pod as ApiObject);
    return send.call(this, attempt, credential);
  };
  const records = new DiskRecordStore(root, () => undefined);
  expect(await retireJob(there, { api, owner, records, root, signal })).toBe(true);
  expect(looks).toBe(3);
});

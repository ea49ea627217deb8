import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nameSources } from '../../../src/cli/completion/name-sources.ts';
import type { Context } from '../../../src/context.ts';
import { type FakeCluster, startFakeCluster } from '../../fakes/kubernetes-api.ts';
import { kinds } from '../../fakes/kubernetes-api-kinds.ts';
import type { ApiObject } from '../../fakes/kubernetes-api-store.ts';

let cluster: FakeCluster;
let folder: string;

beforeEach(async () => {
  cluster = await startFakeCluster();
  folder = await mkdtemp(path.join(tmpdir(), 'pods-'));
  await mkdir(path.join(folder, 'config'));
  await writeFile(path.join(folder, 'config/launch.yaml'), 'model: {vit: {command: "true"}}\n');
  await writeFile(path.join(folder, 'config/kube.yaml'), 'project_name: p\nuser: alice\nnamespace: lab\n');
  const config = {
    clusters: [
      {
        name: 'c',
        cluster: {
          server: cluster.url,
          'certificate-authority-data': Buffer.from(cluster.authority.cert).toString('base64'),
        },
      },
    ],
    users: [{ name: 'u', user: { token: 'good-token' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(path.join(folder, 'kubeconfig'), JSON.stringify(config));
});
afterEach(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

function addPod(name: string, labels: Record<string, string>): void {
  const all = { 'app.kubernetes.io/managed-by': 'kube-toolbox', ...labels };
  const metadata = { name, namespace: 'lab', labels: all };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] }, status: {} };
  cluster.store.add(kinds.pods, pod as unknown as ApiObject);
}

it("offers the user's pods of this project, and nobody else's", async () => {
  addPod('alice-p-interactive-pod', { user: 'alice', project: 'p' });
  addPod('bob-p-interactive-pod', { user: 'bob', project: 'p' });
  addPod('alice-q-interactive-pod', { user: 'alice', project: 'q' });
  const env = { KUBECONFIG: path.join(folder, 'kubeconfig') };
  const context = {
    cwd: folder,
    env,
    now: Date.now,
    signal: new AbortController().signal,
  } as unknown as Context;
  expect(await nameSources['pod']?.(context, '')).toEqual(['alice-p-interactive-pod']);
});

import { afterEach, beforeEach } from 'vitest';
import { ApiClient } from '../../../src/executors/kubernetes/api-client.ts';
import type { Notice } from '../../../src/executors/kubernetes/attempts.ts';
import { Connection } from '../../../src/executors/kubernetes/connection.ts';
import type { ClusterAccess } from '../../../src/executors/kubernetes/kubeconfig.ts';
import { NamespaceApi } from '../../../src/executors/kubernetes/namespace-api.ts';
import type { RetryPolicy } from '../../../src/executors/kubernetes/retry-policy.ts';
import { type FakeCluster, startFakeCluster } from '../../fakes/kubernetes-api.ts';
import { kinds } from '../../fakes/kubernetes-api-kinds.ts';
import type { ApiObject } from '../../fakes/kubernetes-api-store.ts';

/** A policy whose waits cost no time: its own clock moves on with each. */
export function timelessPolicy(): Partial<RetryPolicy> & { readonly slept: number[] } {
  let clock = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => clock,
    random: () => 0.5,
    sleep: async (milliseconds, signal) => {
      signal.throwIfAborted();
      slept.push(milliseconds);
      clock += milliseconds;
      await new Promise((settle) => setImmediate(settle));
    },
  };
}

export function connectToFake(
  cluster: FakeCluster,
  options: { policy?: Partial<RetryPolicy>; notice?: Notice; user?: ClusterAccess['user'] } = {},
): ApiClient {
  const connection = new Connection(
    {
      context: 'fake',
      server: cluster.url,
      namespace: 'lab',
      tls: { ca: Buffer.from(cluster.authority.cert) },
      proxyUrl: undefined,
      user: options.user ?? { token: 'good-token', impersonate: {} },
    },
    {},
    Date.now,
  );
  return new ApiClient(connection, options);
}

/** A fake cluster and its namespace `lab` for each test of a file or block, handed over before it and gone after it. */
export function useFakeNamespace(take: (cluster: FakeCluster, api: NamespaceApi) => void): void {
  let cluster: FakeCluster;
  let api: NamespaceApi;
  beforeEach(async () => {
    cluster = await startFakeCluster();
    api = new NamespaceApi(connectToFake(cluster, { policy: timelessPolicy() }), 'lab');
    take(cluster, api);
  });
  afterEach(async () => {
    api.client.close();
    await cluster.stop();
  });
}

/** A pod of one container, `main`, that runs. */
export function addRunningPod(cluster: FakeCluster, name: string): void {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'lab' },
    spec: { containers: [{ name: 'main', image: 'x' }] },
    status: {},
  };
  cluster.store.add(kinds.pods, pod as unknown as ApiObject);
  cluster.simulation.movePod('lab', name, { kind: 'running' });
}

/** A Job as our manifests look, small. */
export function jobObject(
  name: string,
  rest: { labels?: Record<string, string>; annotations?: Record<string, string>; spec?: object } = {},
): Record<string, unknown> {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      labels: {
        user: 'alice',
        project: 'example',
        'app.kubernetes.io/managed-by': 'kube-toolbox',
        ...rest.labels,
      },
      annotations: { 'kube-toolbox/fingerprint': 'f'.repeat(64), ...rest.annotations },
    },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'main', image: 'docker.io/lab/python:3', command: ['/bin/true'] }],
        },
      },
      ...rest.spec,
    },
  };
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';
import { kinds } from '../fakes/kubernetes-api-kinds.ts';
import type { ApiObject } from '../fakes/kubernetes-api-store.ts';
import { type ClusterProject, kubeYaml, useClusterProject } from './cluster-project.ts';

const podName = 'alice-example-interactive-pod';

let cluster: FakeCluster;
let project: ClusterProject;

useClusterProject((madeCluster, madeProject) => {
  cluster = madeCluster;
  project = madeProject;
});

const addQuota = (name: string, hard: Record<string, string>, used: Record<string, string>) =>
  cluster.store.add(kinds.resourcequotas, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name, namespace: 'lab' } as ApiObject['metadata'],
    spec: { hard },
    status: { hard, used },
  });

describe('quota', () => {
  const hard = {
    'requests.nvidia.com/gpu': '8',
    'requests.cpu': '64',
    'requests.memory': '512Gi',
    pods: '50',
  };
  const used = { 'requests.nvidia.com/gpu': '6', 'requests.cpu': '12500m', 'requests.memory': '98304Mi' };

  it('shows GPUs, cores and memory, used and left', async () => {
    addQuota('lab', hard, used);
    expect((await project.run(['quota'])).stdout).toBe(
      [
        'RESOURCE  USED    OF       LEFT',
        'gpu       6       8        2',
        'cpu       12.5    64       51.5',
        'memory    96 GiB  512 GiB  416 GiB',
        'pods      0       50       50',
        '',
      ].join('\n'),
    );
  });

  it('gives numbers to scripts', async () => {
    addQuota('lab', hard, used);
    const [gpu] = (await project.run(['quota', '--json'])).stdout.split('\n');
    expect(JSON.parse(gpu ?? '')).toEqual({
      type: 'quota',
      quota: 'lab',
      resource: 'requests.nvidia.com/gpu',
      used: 6,
      hard: 8,
      left: 2,
    });
  });

  it('says so where there is none', async () => {
    expect(await project.run(['quota'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('namespace lab has no quota'),
    });
  });
});

describe('vscode', () => {
  beforeEach(async () => {
    cluster.simulation.fate = () => ({ kind: 'running' });
    await project.run(['pod']);
    await expect.poll(() => cluster.store.get('pods', 'lab', podName)?.['status'].phase).toBe('Running');
  });

  it('prints the link that attaches to the pod', async () => {
    const { stdout, stderr } = await project.run(['vscode', `pod=${podName}`]);
    const url = new URL(stdout.trim());
    expect(url.protocol).toBe('vscode:');
    const [, authority = '', ...folder] = url.pathname.split('/');
    expect(decodeURIComponent(authority)).toMatch(
      new RegExp(
        `^k8s-container\\+context=[^+]+\\+podname=${podName}\\+namespace=lab\\+name=main\\+image=docker.io/lab/python:3$`,
      ),
    );
    expect(folder.join('/')).toBe('');
    expect(stderr).toContain("or: code --folder-uri 'vscode-remote://k8s-container");
  });
});

describe('jupyter', () => {
  it('waits for the server, prints a link with a token that only the Secret has, and ends with the signal', async () => {
    cluster.simulation.fate = () => ({ kind: 'running' });
    // Stands in for the server in the pod: not ready at first.
    let asked = 0;
    const notebook = createServer((_request, response) => {
      asked += 1;
      response.statusCode = asked < 2 ? 503 : 200;
      response.end('{}');
    });
    await new Promise<void>((done) => notebook.listen(0, '127.0.0.1', done));
    const { port } = notebook.address() as AddressInfo;
    const stop = new AbortController();
    notebook.on('request', () => asked >= 2 && setTimeout(() => stop.abort(), 500));
    try {
      const ran = await project.run(['jupyter', `port=${port}:0`], { signal: stop.signal });
      expect(ran.code).toBe(130);
      const [, token = ''] = /^http:\/\/127.0.0.1:\d+\/lab\?token=([0-9a-f]{48})\n$/.exec(ran.stdout) ?? [];
      expect(token).not.toBe('');
      const pod = JSON.stringify(cluster.store.get('pods', 'lab', podName));
      expect(pod).toContain(`jupyter lab --ip=127.0.0.1 --port=${port}`);
      expect(pod).not.toContain(token);
      const secrets = cluster.store
        .list('secrets', 'lab')
        .map((each) => each as { data?: Record<string, string> });
      const held = secrets.map(({ data }) => data?.['JUPYTER_TOKEN']).filter((each) => each !== undefined);
      expect(held.map((each) => Buffer.from(each, 'base64').toString())).toEqual([token]);
    } finally {
      notebook.close();
    }
  });
});

it('an interactive pod has its timeout, priority and priority class', async () => {
  await project.write('config/kube.yaml', `${kubeYaml}timeout: 4h\npriority: 1\npriority_class: high\n`);
  await project.run(['pod']);
  const pod = cluster.store.get('pods', 'lab', podName);
  expect(pod?.['spec']).toMatchObject({ activeDeadlineSeconds: 14_400, priorityClassName: 'high' });
  expect(pod?.metadata.labels).toMatchObject({ priority: '1' });
});

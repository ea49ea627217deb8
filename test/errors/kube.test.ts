import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NamespaceApi } from '../../src/executors/kubernetes/namespace-api.ts';
import { jobs } from '../../src/executors/kubernetes/objects.ts';
import { type ClusterProject, kubeYaml, launchYaml, useClusterProject } from '../cli/cluster-project.ts';
import { connectToFake, timelessPolicy } from '../executors/kubernetes/connect-to-fake.ts';
import { kinds } from '../fakes/kubernetes-api-kinds.ts';
import { type FakeCluster } from '../fakes/kubernetes-api.ts';
import type { ApiObject } from '../fakes/kubernetes-api-store.ts';

// What can go wrong between us and a cluster, each as the user meets it.

const first = 'alice-example-average-data1-hid-256';

/** What a command prints when its connection is to be lost. */
const lostWord = 'begun';

describe('an error of the cluster', () => {
  let cluster: FakeCluster;
  let project: ClusterProject;

  useClusterProject((madeCluster, madeProject) => {
    cluster = madeCluster;
    project = madeProject;
  });

  const add = (kind: keyof typeof kinds, object: object): ApiObject => cluster.store.add(kinds[kind], object as ApiObject);
  const pod = async (): Promise<string> => {
    cluster.simulation.fate = () => ({ kind: 'running' });
    await project.run(['pod']);
    const name = 'alice-example-interactive-pod';
    await expect.poll(() => cluster.store.get('pods', 'lab', name)?.['status'].phase).toBe('Running');
    return name;
  };

  const cases: readonly (readonly [code: string, prepare: () => Promise<readonly string[]>, exitCode: number, message: string])[] = [
    ['KUBE_NOT_CONFIGURED', async () => {
      await rm(join(project.root, 'config/kube.yaml'));
      await project.write('config/launch.yaml', `project_name: example\n${launchYaml}`);
      return ['delete', 'yes=true'];
    }, 2, 'config/kube.yaml, which says where to run, is missing'],
    ['KUBE_CONFIG_MISSING', async () => {
      await rm(join(project.root, 'kubeconfig'));
      return ['job'];
    }, 2, 'no kubeconfig found at'],
    ['KUBE_CONFIG_NO_CONTEXT', async () => {
      await project.write('config/kube.yaml', `${kubeYaml}context: elsewhere\n`);
      return ['job'];
    }, 2, 'there is no context "elsewhere"'],
    ['KUBE_CONFIG_INVALID', async () => {
      await project.write('kubeconfig', 'users: [{name: x, user: {token: hunter2\n');
      return ['job'];
    }, 2, 'is not valid YAML (line'],
    ['KUBE_CREDENTIALS', async () => {
      await project.write('kubeconfig', cluster.kubeconfig({ user: { exec: { command: 'no-such-plugin' } } }));
      return ['job'];
    }, 3, 'the credential plugin "no-such-plugin" of the kubeconfig cannot be run: ENOENT'],
    ['KUBE_UNAUTHORIZED', async () => {
      cluster.tokens.clear();
      return ['job'];
    }, 3, 'does not accept the credentials of context "fake"'],
    ['KUBE_UNREACHABLE', async () => {
      const server = createServer();
      await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
      const { port } = server.address() as { port: number };
      await new Promise((settle) => server.close(settle));
      await project.write('kubeconfig', cluster.kubeconfig({ cluster: { server: `https://127.0.0.1:${port}` } }));
      return ['job'];
    }, 3, 'the connection was refused'],
    ['KUBE_TLS', async () => {
      await project.write('kubeconfig', cluster.kubeconfig({ cluster: { 'certificate-authority-data': undefined } }));
      return ['job'];
    }, 3, 'in certificate chain'],
    ['KUBE_NOT_AN_API', async () => {
      cluster.fail({ kind: 'html', status: 200 });
      return ['job'];
    }, 3, 'with an HTML page titled "Sign in" instead of the Kubernetes API'],
    ['KUBE_NEED_GONE', async () => {
      cluster.simulation.fate = () => ({ kind: 'creating' });
      await project.write('.env', 'TOKEN=one\n');
      await project.run(['job']);
      for (const secret of cluster.store.list('secrets')) cluster.store.remove('secrets', secret);
      await project.write('.env', 'TOKEN=two\n');
      return ['job'];
    }, 0, 'pods wait for Secret/alice-example-env-'],
    ['KUBE_NO_LOG', async () => {
      cluster.simulation.fate = () => ({ kind: 'running' });
      await project.run(['job', 'max_parallel=1']);
      return ['logs', "name=*-512"];
    }, 3, 'alice-example-average-data1-hid-512 has no pod, and so no log'],
    ['KUBE_NO_CONTAINER', async () => {
      cluster.simulation.fate = () => ({ kind: 'running' });
      await project.run(['job']);
      return ['logs', 'name=*', 'container=foo'];
    }, 3, 'has no container "foo"'],
    ['KUBE_REFUSED', async () => {
      cluster.denied = (_user, verb) => verb === 'list';
      return ['job'];
    }, 3, 'the Jobs cannot be listed: jobs.batch is forbidden: User "alice" cannot list resource "jobs"'],
    ['KUBE_NO_NAMESPACE', async () => {
      await project.write('config/kube.yaml', kubeYaml.replace('namespace: lab', 'namespace: nowhere'));
      return ['job'];
    }, 3, 'namespaces "nowhere" not found'],
    ['KUBE_QUOTA', async () => {
      add('resourcequotas', { metadata: { name: 'none', namespace: 'lab' }, spec: { hard: { 'count/pods': '0' } } });
      return ['pod'];
    }, 3, 'exceeded quota: none'],
    ['KUBE_NAME_TAKEN', async () => {
      add('jobs', { metadata: { name: first, namespace: 'lab', labels: { user: 'bob' } }, spec: {}, status: {} });
      return ['job'];
    }, 3, `Job "${first}" of user=alice, project=example cannot be created: the name is taken by one that is not ours (its labels are user=bob)`],
    ['KUBE_REJECTED', async () => {
      cluster.fail(
        { kind: 'answer', status: 422, body: { kind: 'Status', status: 'Failure', reason: 'Invalid', message: 'Job.batch "x" is invalid: spec: no', code: 422 } },
        { when: ({ method, path }) => method === 'POST' && path.endsWith('/jobs') },
      );
      return ['job'];
    }, 3, 'is not accepted: Job.batch "x" is invalid: spec: no'],
    ['KUBE_OTHER_CLUSTER', async () => {
      await project.run(['job']);
      await project.write('kubeconfig', cluster.kubeconfig({ context: 'elsewhere', cluster: { server: 'https://elsewhere.example' } }));
      return ['job'];
    }, 2, '(context "fake", namespace lab), and the kubeconfig leads to https://elsewhere.example (context "elsewhere", namespace lab)'],
    ['KUBE_OTHER_CLUSTER', async () => {
      await project.run(['job']);
      await project.write('config/kube.yaml', kubeYaml.replace('namespace: lab', 'namespace: other'));
      return ['delete', 'yes=true'];
    }, 0, 'this sweep was started in namespace "lab", and config/kube.yaml says "other"'],
    ['KUBE_NO_POD', async () => ['exec', 'pod=nope'], 3, 'there is no pod "nope" in namespace lab'],
    ['KUBE_POD_NOT_READY', async () => {
      await project.run(['pod']);
      return ['exec', 'pod=alice-example-interactive-pod'];
    }, 3, 'is not running: it is pending'],
    ['KUBE_NO_PROGRAM', async () => {
      cluster.programs = () => false;
      return ['exec', `pod=${await pod()}`];
    }, 3, 'has no bash'],
    ['KUBE_NO_UPGRADE', async () => {
      cluster.fail({ kind: 'lost-before' }, { when: ({ method }) => method === 'CONNECT' });
      return ['exec', `pod=${await pod()}`];
    }, 3, 'does not open a WebSocket'],
    ['KUBE_EXEC_LOST', async () => {
      const name = await pod();
      return ['exec', `pod=${name}`, `command=echo ${lostWord}; sleep 5`];
    }, 3, 'ended before "bash" did'],
    ['KUBE_PORT_IN_USE', async () => {
      const port = new URL(cluster.url).port;
      return ['port-forward', `pod=${await pod()}`, `port=80:${port}`];
    }, 3, 'of this machine is in use'],
    ['KUBE_COPY_FAILED', async () => {
      const name = await pod();
      await project.write('data.txt', 'x');
      await mkdir(join(cluster.folder, 'data.txt'));
      await writeFile(join(cluster.folder, 'data.txt/in-the-way'), '');
      return ['copy', `pod=${name}`, 'file=data.txt'];
    }, 1, 'ended with 2'],
  ];

  it.each(cases)('%s', async (code, prepare, exitCode, message) => {
    const onStdout = (text: string): void => {
      if (text.includes(lostWord)) cluster.dropConnections();
    };
    const answer = await project.run(await prepare(), { onStdout });
    expect(answer.stderr).toContain(code);
    expect(answer.stderr).toContain(message);
    expect(answer.stderr).not.toContain('hunter2');
    expect(answer.code).toBe(exitCode);
  });

  it('KUBE_STUCK: a finalizer keeps what was deleted', async () => {
    await project.run(['job']);
    const job = cluster.store.get('jobs', 'lab', first) as ApiObject;
    const { uid } = cluster.store.update('jobs', job, (copy) => {
      copy.metadata.finalizers = ['lab.example/hold'];
    }).metadata;
    // With a clock that passes as soon as it is waited for: a deletion is given three minutes.
    const client = connectToFake(cluster, { policy: timelessPolicy() });
    const api = new NamespaceApi(client, 'lab');
    const { signal } = new AbortController();
    await api.delete(jobs, { name: first, uid }, signal);
    await expect(api.waitUntilGone(jobs, { name: first, uid }, { patience: 180_000 }, signal)).rejects.toMatchObject({
      exitCode: 3,
      diagnostics: [{ code: 'KUBE_STUCK', message: expect.stringContaining('held by "lab.example/hold"') }],
    });
    client.close();
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';
import { kinds } from '../fakes/kubernetes-api-kinds.ts';
import type { ApiObject } from '../fakes/kubernetes-api-store.ts';
import { type Answer, type ClusterProject, useClusterProject } from './cluster-project.ts';

let cluster: FakeCluster;
let project: ClusterProject;

useClusterProject((itsCluster, itsProject) => {
  cluster = itsCluster;
  project = itsProject;
});

const first = 'alice-example-average-data1-hid-256';
const second = 'alice-example-average-data1-hid-512';

beforeEach(async () => {
  cluster.simulation.fate = () => ({ kind: 'running' });
  await project.run(['job']);
  for (const name of [first, second])
    await expect.poll(() => cluster.simulation.podsOf('lab', name)).toHaveLength(1);
});

/** Its Job's pods: one for each text, the newest first by name. */
function retry(job: string, texts: readonly string[]): void {
  const [pod] = cluster.simulation.podsOf('lab', job) as [ApiObject];
  cluster.store.remove('pods', pod);
  texts.forEach((text, index) => {
    const name = `${job}-${9 - index}`;
    const metadata = { ...structuredClone(pod.metadata), name, uid: name, finalizers: [] };
    cluster.store.add(kinds.pods, { ...structuredClone(pod), metadata });
    const stored = cluster.store.get('pods', 'lab', name) as ApiObject;
    cluster.store.update('pods', stored, (copy) => {
      copy.metadata.creationTimestamp = `2020-01-01T00:00:0${index}Z`;
    });
    cluster.simulation.movePod('lab', name, { kind: 'failed', exitCode: 3 });
    cluster.simulation.write('lab', name, text);
  });
}

function logs(...argv: string[]): Promise<Answer> {
  return project.run(['logs', ...argv]);
}

it('prints the attempt that is asked for of those that retries have made', async () => {
  retry(first, ['one\n', 'two\n', 'three\n']);
  expect(await logs(`name=${first}`)).toMatchObject({ code: 0, stdout: 'three\n' });
  expect(await logs(`name=${first}`, 'attempt=1')).toMatchObject({ code: 0, stdout: 'one\n', stderr: '' });
  expect(await logs(`name=${first}`, 'attempt=2', 'follow=true')).toMatchObject({ code: 0, stdout: 'two\n' });
  expect(await logs(`name=${first}`, 'attempt=4')).toEqual({
    code: 3,
    stdout: '',
    stderr: `error KUBE_NO_LOG: there is no attempt 4 of ${first}\n  hint: there are attempt=1, attempt=2, attempt=3\n`,
  });
});

it('says which of several trials have not run so often', async () => {
  retry(first, ['one\n', 'two\n']);
  retry(second, ['other\n']);
  expect(await logs('name=*', 'attempt=2')).toEqual({
    code: 0,
    stdout: `two\n`,
    stderr: `no attempt 2 of ${second}\n`,
  });
  expect((await logs('name=*', 'attempt=1')).stdout).toBe(`[${first}-9] one\n[${second}-9] other\n`);
});

it('prints a log that is kept here where the pods have no such attempt', async () => {
  retry(first, ['one\n']);
  const folder = join(project.root, '.toolbox/runs', first);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'attempt-3.log'), 'kept\n');
  await project.run(['status']);
  expect(await logs(`name=${first}`, 'attempt=3')).toMatchObject({ code: 0, stdout: 'kept\n' });
  expect(await logs(`name=${first}`, 'attempt=1')).toMatchObject({ code: 0, stdout: 'one\n' });
  expect((await logs(`name=${first}`, 'attempt=2')).stderr).toContain(
    'hint: there are attempt=1, attempt=3\n',
  );
});

it('counts the attempts of each node, and none of a Job before', async () => {
  const [pod] = cluster.simulation.podsOf('lab', first) as [ApiObject];
  retry(first, ['a\n', 'b\n', 'c\n']);
  const change = (name: string, how: (copy: ApiObject) => void): void => {
    cluster.store.update('pods', cluster.store.get('pods', 'lab', name) as ApiObject, how);
  };
  const setNode = (index: string) => (copy: ApiObject) => {
    copy.metadata.annotations = {
      ...copy.metadata.annotations,
      'batch.kubernetes.io/job-completion-index': index,
    };
  };
  change(`${first}-9`, setNode('0'));
  change(`${first}-8`, setNode('1'));
  change(`${first}-7`, setNode('1'));
  expect((await logs(`name=${first}`, 'attempt=1')).stdout).toBe(`[${first}-8] b\n[${first}-9] a\n`);
  change(`${first}-8`, (copy) => {
    copy.metadata.ownerReferences = [{ ...pod.metadata.ownerReferences?.[0], uid: 'before' }] as never;
  });
  expect((await logs(`name=${first}`, 'attempt=1')).stdout).toBe(`[${first}-7] c\n[${first}-9] a\n`);
});

it('says how the Job stands where it has no pod at all', async () => {
  for (const pod of cluster.store.list('pods')) cluster.store.remove('pods', pod);
  expect((await logs(`name=${first}`, 'attempt=1')).stderr).toContain(
    `error KUBE_NO_LOG: ${first} has no pod, and so no log`,
  );
});

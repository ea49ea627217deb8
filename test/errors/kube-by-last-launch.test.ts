import { expect, it } from 'vitest';
import { launchYaml, useClusterProject } from '../cli/cluster-project.ts';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';

let cluster: FakeCluster;
let project: Parameters<Parameters<typeof useClusterProject>[0]>[1];
useClusterProject((madeCluster, madeProject) => {
  cluster = madeCluster;
  project = madeProject;
});

it('KUBE_BY_LAST_LAUNCH: a sweep can be stopped before a mistake in the files is mended', async () => {
  const wrong = 'modle: {}\n';
  await project.write('config/launch.yaml', wrong);
  const before = await project.run(['delete', 'yes=true']);
  expect(before.code).toBe(2);
  expect(before.stderr).not.toContain('KUBE_BY_LAST_LAUNCH');

  await project.write('config/launch.yaml', launchYaml);
  await project.run(['job']);
  await project.write('config/launch.yaml', wrong);
  const { code, stdout, stderr } = await project.run(['delete', 'yes=true']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^(job\.batch\/alice-example-average-data1-hid-\d+ deleted\n){2}$/);
  expect(stderr).toContain(
    "warning KUBE_BY_LAST_LAUNCH: the project's files have mistakes: going by the last launch, user=alice, project=example, namespace lab\n  hint: make plan names the mistakes\n",
  );
  expect(cluster.store.list('jobs')).toEqual([]);
});

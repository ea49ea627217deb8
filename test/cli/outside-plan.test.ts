import { expect, it } from 'vitest';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';
import { kinds } from '../fakes/kubernetes-api-kinds.ts';
import type { ApiObject } from '../fakes/kubernetes-api-store.ts';
import { type ClusterProject, kubeYaml, launchYaml, useClusterProject } from './cluster-project.ts';

const first = 'alice-example-average-data1-hid-256';
const second = 'alice-example-average-data1-hid-512';
let cluster: FakeCluster;
let project: ClusterProject;

useClusterProject((madeCluster, madeProject) => {
  cluster = madeCluster;
  project = madeProject;
});

it('names Jobs of the project that are not in the plan, only where all trials are asked for', async () => {
  await project.run(['job']);
  cluster.simulation.move('lab', second, { kind: 'running' });
  await project.write('config/launch.yaml', launchYaml.replace('256, 512', '256'));
  const { stdout } = await project.run(['status']);
  expect(stdout).toContain('\n1 trial: 1 pending\n');
  expect(stdout).toContain(`not in the plan: ${second} (running); make delete_job name=NAME removes one\n`);
  for (const asked of [['where=hid=256'], ['only=pending'], ['json=true']])
    expect((await project.run(['status', ...asked])).stdout).not.toContain(second);
});

it('says that trials wait for slots which Jobs hold that are not in the plan', async () => {
  await project.run(['job', 'where=hid=512', 'max_parallel=1']);
  cluster.simulation.move('lab', second, { kind: 'running' });
  // In the plan, it is no news that others of it run.
  const planned = await project.run(['job', 'max_parallel=1', 'where=hid=256']);
  expect(planned.stdout).toContain('waits for a slot');
  expect(planned.stderr).toBe('1 created\n');
  expect((await project.run(['status'])).stdout).not.toContain('trials wait for slots');

  await project.write('config/launch.yaml', launchYaml.replace('256, 512', '256'));
  const line = `trials wait for slots of max_parallel that are held by what is not in the plan: ${second}; make delete_job name=NAME removes one\n`;
  expect((await project.run(['job', 'max_parallel=1'])).stderr).toBe(`1 left as they are\n${line}`);
  const summary = (await project.run(['job', 'json=true', 'max_parallel=1'])).stdout
    .trim()
    .split('\n')
    .at(-1);
  expect(JSON.parse(summary ?? '')).toMatchObject({ type: 'summary', outside: [second] });
  for (const asked of [[], ['only=pending']]) {
    const { stdout } = await project.run(['status', ...asked]);
    expect(stdout).toContain(
      `not in the plan: ${second} (running); make delete_job name=NAME removes one\ntrials wait for slots of max_parallel that 1 of these holds\n`,
    );
  }
  cluster.simulation.move('lab', second, { kind: 'succeeded' });
  expect((await project.run(['job', 'max_parallel=1'])).stderr).not.toContain('trials wait');
  expect((await project.run(['status'])).stdout).not.toContain('trials wait');
});

it('does not take a pack for a trial that is not in the plan', async () => {
  await project.write('config/kube.yaml', `${kubeYaml}pack: 2\n`);
  await project.run(['job']);
  const { stdout } = await project.run(['status']);
  expect(stdout).toContain('2 trials: 2 pending');
  expect(stdout).not.toContain('not in the plan');
});

it("says that a trial is missing since another's Job has its name", async () => {
  const theirs = {
    metadata: { name: first, namespace: 'lab', labels: { user: 'bob' } },
    spec: {},
    status: {},
  };
  cluster.store.add(kinds.jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    ...theirs,
  } as unknown as ApiObject);
  cluster.simulation.fate = () => ({ kind: 'succeeded' });
  const why = 'the name is taken by a Job that is not ours (its labels are user=bob)';
  const before = await project.run(['status']);
  expect(before.stdout).toContain(`1 missing: ${why} (${first})\n`);
  await project.run(['job']);
  expect(await project.run(['wait'])).toMatchObject({
    code: 3,
    stderr: `1 succeeded, 0 failed\n"${first}" has no Job: ${why}\n`,
  });
});

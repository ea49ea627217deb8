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

it('KUBE_BY_LAST_LAUNCH: what runs can be read, entered and reached meanwhile', async () => {
  cluster.simulation.fate = () => ({ kind: 'running', log: 'epoch 1\n' });
  await project.run(['job']);
  const running = () => cluster.store.list('pods').filter(({ status }) => status['phase'] === 'Running');
  await expect.poll(() => running().length).toBe(2);
  await project.write('config/launch.yaml', 'model: {average: {command: "half of it\n');

  const [trial] = running().map(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-name']);
  const logs = await project.run(['logs', `name=${trial}`]);
  expect(logs).toMatchObject({ code: 0, stdout: 'epoch 1\n' });
  const shell = await project.run(['exec', `pod=${trial}`, 'command=echo in; exit 4']);
  expect(shell).toMatchObject({ code: 4, stdout: 'in\n' });
  const stop = new AbortController();
  const forward = await project.run(['port-forward', `pod=${trial}`, 'port=8888:0'], {
    signal: stop.signal,
    onStderr: (text) => text.includes('is port 8888 of') && stop.abort(),
  });
  expect(forward.code).toBe(130);
  for (const { stderr } of [logs, shell, forward])
    expect(stderr.match(/KUBE_BY_LAST_LAUNCH/g)).toHaveLength(1);
});

it('KUBE_BY_LAST_LAUNCH: a corrected file can be copied meanwhile, but .env, which the files change for a pod', async () => {
  cluster.simulation.fate = () => ({ kind: 'running', log: '' });
  await project.run(['job']);
  const running = () => cluster.store.list('pods').filter(({ status }) => status['phase'] === 'Running');
  await expect.poll(() => running().length).toBe(2);
  const [pod] = running().map(({ metadata }) => metadata.name);
  await project.write('src/a.py', 'print(1)\n');
  await project.write('.env', 'TOKEN=x\n');
  await project.write('config/launch.yaml', 'modle: {}\n');
  const copied = await project.run(['copy', `pod=${pod}`, 'file=src']);
  expect(copied).toMatchObject({ code: 0, stdout: `Copied src/a.py to ${pod}:src/a.py\n` });
  expect(copied.stderr.match(/KUBE_BY_LAST_LAUNCH/g)).toHaveLength(1);
  const secret = await project.run(['copy', `pod=${pod}`, 'file=.env']);
  expect(secret).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('modle') });
  // What `file:` has, only the files say.
  expect((await project.run(['copy', `pod=${pod}`])).code).toBe(2);
});

it('KUBE_BY_LAST_LAUNCH: status and wait take every Job of the project for a trial', async () => {
  cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 3 });
  await project.run(['job']);
  // Valid by itself: the mistake is found when the trials are made.
  await project.write('config/launch.yaml', launchYaml.replace('<fn>', '<nope>'));
  const waited = await project.run(['wait']);
  expect(waited).toMatchObject({ code: 1, stderr: expect.stringContaining('KUBE_BY_LAST_LAUNCH') });
  expect(waited.stderr).toContain('0 succeeded, 2 failed');
  const status = await project.run(['status']);
  expect(status).toMatchObject({ code: 0, stderr: expect.stringContaining('KUBE_BY_LAST_LAUNCH') });
  expect(status.stdout).toMatch(/^alice-example-average-data1-hid-256 +failed /m);
  expect(status.stdout).toContain('2 trials: 2 failed\n');
  expect(status.stdout).not.toContain('not in the plan');
  const lines = (await project.run(['status', 'json=true', 'only=failed'])).stdout.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { type: 'status', name: 'alice-example-average-data1-hid-256', state: 'failed', exitCode: 3 },
    { name: 'alice-example-average-data1-hid-512' },
  ]);

  // Which trials these are only the files say.
  for (const asked of [['wait', 'where=hid=256'], ['status', 'only=changed'], ['status', 'only=missing']]) {
    const some = await project.run(asked);
    expect(some.code).toBe(2);
    expect(some.stderr).not.toContain('KUBE_BY_LAST_LAUNCH');
  }
});

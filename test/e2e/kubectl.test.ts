import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { type ClusterProject, useClusterProject } from '../cli/cluster-project.ts';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';

// What kubectl itself makes of our manifests and objects.

const run = promisify(execFile);

let cluster: FakeCluster;
let project: ClusterProject;

useClusterProject((madeCluster, madeProject) => {
  cluster = madeCluster;
  project = madeProject;
});

/** @throws Error with what kubectl said */
async function kubectl(...argv: readonly string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: project.root, KUBECONFIG: `${project.root}/kubeconfig` };
  const { stdout } = await run('kubectl', argv, { cwd: project.root, env });
  return stdout;
}

it('applies build/, and make job goes on from there', async () => {
  cluster.simulation.fate = () => ({ kind: 'creating' });
  await project.write('.env', 'TOKEN=x\n');
  await project.run(['dryrun']);
  const applied = await kubectl('apply', '-f', 'build/');
  expect(applied).toContain('job.batch/alice-example-average-data1-hid-256 created');
  expect(applied).toMatch(/configmap\/alice-example-scripts-\w+ created/);
  expect(await kubectl('apply', '-f', 'build/')).not.toContain('created');

  const { stdout, stderr, code } = await project.run(['job']);
  expect(stdout).toBe(
    ['256', '512']
      .map((hid) => `Job 'alice-example-average-data1-hid-${hid}' is pending. Leaving it.\n`)
      .join(''),
  );
  expect(stderr).toMatch(/made again, since it was gone: Secret\/alice-example-env-\w+/);
  expect(code).toBe(0);
  expect((await project.run(['status'])).stdout).toContain('2 trials: 2 pending');

  await kubectl('delete', 'job', '-l', 'user=alice,project=example');
  expect((await project.run(['status'])).stdout).toContain('2 missing');
});

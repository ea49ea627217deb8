import { expect, it } from 'vitest';
import { makeClusterProject } from '../cli/cluster-project.ts';
import { startFakeCluster } from '../fakes/kubernetes-api.ts';

it('CLI_NO_EDITOR: there is no code command to open a pod with', async () => {
  const cluster = await startFakeCluster();
  const project = await makeClusterProject(cluster);
  try {
    cluster.simulation.fate = () => ({ kind: 'running' });
    await project.run(['pod']);
    const pod = 'alice-example-interactive-pod';
    await expect.poll(() => cluster.store.get('pods', 'lab', pod)?.['status'].phase).toBe('Running');
    const ran = await project.run(['vscode', `pod=${pod}`, 'open=true'], { env: { PATH: project.root } });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('error CLI_NO_EDITOR: there is no "code" command on PATH');
  } finally {
    await project.remove();
    await cluster.stop();
  }
});

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { makeClusterProject } from './cli/cluster-project.ts';
import { startFakeCluster } from './fakes/kubernetes-api.ts';

const bin = path.resolve(import.meta.dirname, '../dist/bin.js');

it('says what to do in a Node that is too old', async () => {
  const old = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`;
  const ran = promisify(execFile)(process.execPath, ['--import', old, bin, 'plan']);
  await expect(ran).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(
      'kube-toolbox needs Node 22.19 or newer and runs in 20.20.2\n  hint: run it through make',
    ),
  });
});

it('asks a server without loading what only fetch() needs', async () => {
  const cluster = await startFakeCluster();
  const project = await makeClusterProject(cluster);
  const tellModules = "process.on('exit', () => console.error(process.moduleLoadList.join('\\n')))";
  const { stderr, stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(tellModules)}`, bin, 'job'],
    { cwd: project.root, env: { ...process.env, KUBECONFIG: path.join(project.root, 'kubeconfig') } },
  );
  await project.remove();
  await cluster.stop();
  expect(stdout).toContain('created');
  expect(stderr).toMatch(/^NativeModule https$/m);
  // Thirty milliseconds of each command that talks to a server are this, where somebody imports all of node:http.
  expect(stderr).not.toContain('undici');
});

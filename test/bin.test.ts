import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterProject, makeClusterProject } from './cli/cluster-project.ts';
import { type FakeCluster, startFakeCluster } from './fakes/kubernetes-api.ts';

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

/** Node's own modules that a command has loaded at its end, and what it wrote. */
async function run(words: readonly string[], root: string): Promise<{ output: string; loaded: string[] }> {
  const tellModules = "process.on('exit', () => console.error(process.moduleLoadList.join('\\n')))";
  const { stderr, stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(tellModules)}`, bin, ...words],
    { cwd: root, env: { ...process.env, KUBECONFIG: path.join(root, 'kubeconfig') } },
  ).catch((error: { stderr: string; stdout: string }) => error);
  return {
    output: stdout + stderr,
    loaded: [...stderr.matchAll(/^NativeModule (.*)$/gm)].map(([, name = '']) => name),
  };
}

describe('a command loads only what it needs', () => {
  let cluster: FakeCluster;
  let project: ClusterProject;

  beforeAll(async () => {
    cluster = await startFakeCluster();
    project = await makeClusterProject(cluster);
  });
  afterAll(async () => {
    await project.remove();
    await cluster.stop();
  });

  // Thirty milliseconds of each command that talks to a server are this, where somebody imports all of node:http.
  it('asks a server without what only fetch() needs', async () => {
    const { output, loaded } = await run(['job'], project.root);
    expect(output).toContain('created');
    expect(loaded).toContain('https');
    expect(loaded.filter((name) => name.includes('undici'))).toEqual([]);
  });

  // As many, where a module that they share with the commands of a cluster comes in one file with those.
  it.each(['plan', 'local-dryrun', 'dryrun', 'local'])(
    'makes its plan without a client: %s',
    async (name) => {
      const { output, loaded } = await run([name], project.root);
      expect(output).toContain('average');
      expect(loaded.filter((each) => /^(http|https|tls|_tls|zlib)/.test(each))).toEqual([]);
    },
  );
});

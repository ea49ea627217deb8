import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ClusterProject, kubeYaml, launchYaml, makeClusterProject } from './cli/cluster-project.ts';
import { startProject } from './cli/data-project.ts';
import { type FakeCluster, startFakeCluster } from './fakes/kubernetes-api.ts';
import { listenOnLoopback } from './fakes/loopback.ts';

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

/** Ends with what it says, and ends at all: within a process of its own nothing else keeps the event loop alive, or ends it. */
describe('a command that cannot go on', () => {
  const kubeconfig = (server: string, user: object) =>
    JSON.stringify({
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      clusters: [{ name: 'k', cluster: { server } }],
      users: [{ name: 'u', user }],
    });
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' };

  async function end(words: readonly string[], server: string, user: object) {
    const root = await mkdtemp(path.join(tmpdir(), 'bin-'));
    onTestFinished(() => rm(root, { recursive: true }));
    await mkdir(path.join(root, 'config'));
    await writeFile(path.join(root, 'config/launch.yaml'), launchYaml);
    await writeFile(path.join(root, 'config/kube.yaml'), kubeYaml);
    await writeFile(path.join(root, 'kubeconfig'), kubeconfig(server, user));
    return await promisify(execFile)(process.execPath, [bin, ...words], {
      cwd: root,
      env: { ...process.env, KUBECONFIG: path.join(root, 'kubeconfig') },
      timeout: 20_000,
      killSignal: 'SIGKILL',
    }).then(
      () => ({ code: 0, stderr: '' }),
      (error: { code: number | null; stderr: string }) => error,
    );
  }

  it.each([
    ['a token file that is not there', { tokenFile: '/nonexistent/token' }, 'token file'],
    ['a plugin that fails', { exec: { ...exec, command: 'false' } }, 'ended with 1'],
    ['a plugin that is not there', { exec: { ...exec, command: '/nonexistent/plugin' } }, 'ENOENT'],
  ])('for %s', async (_, user, words) => {
    const { code, stderr } = await end(['job'], 'http://127.0.0.1:9', user);
    expect(stderr).toContain('KUBE_CREDENTIALS');
    expect(stderr).toContain(words);
    expect(code).toBe(3);
  });

  it('for a mistake that is found while a server is silent', async () => {
    const port = await listenOnLoopback(createServer());
    const { code, stderr } = await end(['job', 'where=hid=999'], `http://127.0.0.1:${port}`, {});
    expect(stderr).toContain('MATRIX_WHERE_UNKNOWN');
    expect(code).toBe(2);
  });
});

describe('a full disk on standard output', () => {
  const line =
    'error CLI_FILE_REFUSED: standard output cannot be written: ENOSPC: no space left on device, write\n';

  function run(words: readonly string[], root: string) {
    const full = openSync('/dev/full', 'w');
    try {
      const { status, stderr } = spawnSync(process.execPath, [bin, ...words], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', full, 'pipe'],
      });
      return { status, stderr };
    } finally {
      closeSync(full);
    }
  }

  it('is told in one line, and is an exit code', async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'bin-'));
    onTestFinished(() => rm(root, { recursive: true }));
    await mkdir(path.join(root, 'config'));
    await writeFile(path.join(root, 'config/launch.yaml'), 'model: {a: {command: "echo done | tee here"}}\n');
    expect(run(['--help'], root)).toEqual({ status: 3, stderr: line });
    expect(run(['plan'], root)).toEqual({ status: 3, stderr: line });
    // Trials run on, and what they do is done.
    const { status, stderr } = run(['local'], root);
    expect([status, stderr.split(line).length - 1]).toEqual([3, 1]);
    expect(await readFile(path.join(root, 'here'), 'utf8')).toBe('done\n');
  });

  it('does not end an upload, whose lines are lost', async () => {
    const { cwd, write, server } = await startProject();
    for (const name of ['a', 'b']) write(`data/${name}`, name);
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const child = spawn(process.execPath, [bin, 'upload', 'file=data/'], {
      cwd,
      stdio: ['ignore', full, 'pipe'],
    });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [status] = await once(child, 'close');
    expect([status, said]).toEqual([3, expect.stringContaining(line)]);
    expect(said).toContain('Uploaded 2 files');
    expect(server.bucket.keys()).toEqual(['data/a', 'data/b']);
  });
});

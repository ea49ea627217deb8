import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type ClusterProject, makeClusterProject } from '../cli/cluster-project.ts';
import { type Image, type Node, PodRun } from '../fakes/kubelet.ts';
import type { Manifest } from '../fakes/kubelet-volumes.ts';
import { type FakeCluster, startFakeCluster } from '../fakes/kubernetes-api.ts';
import { FakeS3Server } from '../fakes/s3-server.ts';
import { PodImages } from './pod-images.ts';

// What `dryrun` writes, run as a kubelet would run it, in an image that has bash and Python only. The Secrets and
// the code are those that `job` stores.

const images = new PodImages();
afterAll(() => images[Symbol.dispose]());

let cluster: FakeCluster;
let server: FakeS3Server;
let project: ClusterProject;
beforeEach(async () => {
  cluster = await startFakeCluster();
  server = new FakeS3Server();
  // The name by which pods know it.
  server.names.push('bucket.example.org');
  await server.start();
  project = await makeClusterProject(cluster);
  await project.write('.gitignore', 'kubeconfig\n.env\n');
  await project.write('.env', dotenv({ ...server.env, TOKEN: secret }));
  await project.write('train.py', trainPy);
  await project.write('config/kube.yaml', kubeYaml(''));
  await project.write('config/launch.yaml', launchYaml);
  server.bucket.put('data/1.txt', Buffer.from('1,2,3\n'));
  server.bucket.put('data/more.txt', Buffer.from('more\n'));
});
afterEach(async () => {
  await cluster.stop();
  await server.stop();
  await project.remove();
});

const secret = 'zK3$(HOME)$$x/token';

const kubeYaml = (more: string) => `
project_name: example
user: alice
namespace: lab
image: docker.io/lab/python:3
toolbox_image: docker.io/lab/kube-toolbox:0.1.0
code: snapshot
cpu_count: 1
memory: 1
endpoint_map: {'${server.url}': '${server.url.replace('127.0.0.1', 'bucket.example.org')}'}
${more}
`;

const launchYaml = `
model:
  train:
    command: make download file=data/more.txt && python3 train.py <lr|quote>
    hparam: {lr: ['$(NODE_NAME)']}
    data: [data/1.txt]
    outputs: [out/]
    sync_every: 1s
`;

const trainPy = `
import os, signal, sys, time
os.makedirs("out", exist_ok=True)
def write(name, text):
    with open("out/" + name, "w") as file: file.write(text)
write("result", open("data/1.txt").read() + open("data/more.txt").read() + sys.argv[1])
write("env", os.environ.get("TOKEN", "") + " " + os.environ["NODE_NAME"])
print("trained", os.getcwd(), flush=True)
if os.path.exists("stay"):
    def stop(*_):
        write("last", "checkpoint")
        sys.exit(9)
    signal.signal(signal.SIGTERM, stop)
    while True: time.sleep(0.05)
sys.exit(3)
`;

function dotenv(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');
}

/** Renders and stores the only trial, and makes its pod. */
async function pod(node: Partial<Node> = {}, image: Image = images.plain): Promise<PodRun> {
  expect(await project.run(['dryrun'])).toMatchObject({ code: 0 });
  expect(await project.run(['job'])).toMatchObject({ code: 0 });
  const build = path.join(project.root, 'build');
  const written: Manifest[] = readdirSync(build)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(path.join(build, name), 'utf8')))
    .map((document) => document.toJS() as Manifest);
  const job = written.find((each) => each['kind'] === 'Job') as Manifest;
  const template = job['spec'].template;
  const metadata = { ...template.metadata, name: `${job['metadata'].name}-x2x4z`, namespace: 'lab' };
  return new PodRun({ metadata, spec: template.spec } as Manifest, {
    images: {
      'docker.io/lab/python:3': image,
      'docker.io/lab/kube-toolbox:0.1.0': images.toolbox,
    },
    find: (kind, name) => {
      const here = written.find((each) => each['kind'] === kind && each['metadata'].name === name);
      const found = here ?? cluster.store.get(kind === 'Secret' ? 'secrets' : 'configmaps', 'lab', name);
      if (found === undefined) throw new Error(`${kind} "${name}" not found`);
      return found as unknown as Manifest;
    },
    ...node,
  });
}

const stored = (key: string) => server.bucket.objects.get(key)?.body.toString();

describe('the manifest of a trial with code: snapshot, data, outputs and sync_every', () => {
  it('runs to its end: exit code, data, outputs', async () => {
    using run = await pod();
    await run.start();
    const main = await run.wait();
    expect(main, run.logs()).toMatchObject({ code: 3 });
    expect(main.stdout).toContain('trained /kube-toolbox/workspace/example\n');
    expect(stored('out/result')).toBe('1,2,3\nmore\n$(NODE_NAME)');
    expect(stored('out/env')).toBe(`${secret} node-1`);
    expect(run.ended.get('sync')?.code).toBe(0);
    expect([...run.ended.keys()]).toEqual(['toolbox', 'code', 'main', 'sync']);
    for (const { stdout, stderr } of run.ended.values()) expect(stdout + stderr).not.toContain(secret);
  });

  it('uploads meanwhile, and once more when it is deleted', async () => {
    await project.write('stay', '');
    using run = await pod();
    await run.start();
    await run.main.printed('trained');
    await expect.poll(() => stored('out/result'), { timeout: 20_000 }).toBeDefined();
    expect(stored('out/last')).toBeUndefined();
    expect(await run.delete(), run.logs()).toMatchObject({ code: 9 });
    expect(stored('out/last')).toBe('checkpoint');
    expect(run.ended.get('sync')).toMatchObject({ code: 0 });
  });

  it('loses nothing but the last moments when the main container is killed for its memory', async () => {
    await project.write('stay', '');
    using run = await pod();
    await run.start();
    await run.main.printed('trained');
    run.main.kill('SIGKILL');
    await run.wait();
    expect(stored('out/result')).toBe('1,2,3\nmore\n$(NODE_NAME)');
  });

  it('runs in an image whose user is not root', async () => {
    using run = await pod({}, images.notRoot);
    await run.start();
    expect(await run.wait(), run.logs()).toMatchObject({ code: 3 });
    expect(stored('out/result')).toBe('1,2,3\nmore\n$(NODE_NAME)');
  });

  it('runs as another user throughout', async () => {
    await project.write('config/kube.yaml', kubeYaml('run_as_user: 4711\nrun_as_group: 4712'));
    using run = await pod();
    await run.start();
    expect(await run.wait(), run.logs()).toMatchObject({ code: 3 });
    expect(stored('out/result')).toBe('1,2,3\nmore\n$(NODE_NAME)');
  });
});

describe('with identity:', () => {
  let scratch: string;
  beforeEach(() => {
    // A file system of its own, as a volume is: an export that the lab's group may write, and root may not.
    scratch = mkdtempSync('/dev/shm/toolbox-scratch-');
    chownSync(scratch, 4242, 83070);
    chmodSync(scratch, 0o770);
  });
  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  const key = `${secret}\n`;
  const identity = (more = '') => `
identity:
  user: jdoe
  scratch: {claim: lab-scratch, mount: /scratch, home_root: /scratch/homes}
${more}`;

  it('runs as the user, and keeps no secret on scratch', async () => {
    const keys = { SSH_PRIVATE_KEY_B64: Buffer.from(key).toString('base64'), GIT_USER_NAME: 'J. Doe' };
    const lab = { LDAP_UID: '123456', LDAP_GROUPNAME: 'vision', LDAP_GID: '83070' };
    await project.write('.env', dotenv({ ...server.env, ...lab, ...keys, TOKEN: secret }));
    await project.write('config/kube.yaml', kubeYaml(identity()));
    await project.write(
      'config/launch.yaml',
      launchYaml.replace('python3', 'id && env && ls -lnR ~/.ssh && python3'),
    );
    using run = await pod({ claims: { 'lab-scratch': scratch }, squashesRoot: true });
    await run.start();
    const main = await run.wait();
    expect(main, run.logs()).toMatchObject({ code: 3 });
    expect(main.stdout).toContain('uid=123456(jdoe) gid=83070(vision) groups=83070(vision)');
    expect(main.stdout).toMatch(/-rw------- 1 123456 83070 +\d+ .* id_rsa\n/);
    expect(main.stdout).not.toContain('SSH_PRIVATE_KEY_B64');
    expect(stored('out/result')).toBe('1,2,3\nmore\n$(NODE_NAME)');
    expect(statSync(path.join(scratch, 'homes/jdoe'))).toMatchObject({
      uid: 123456,
      gid: 83070,
      mode: 0o40770,
    });
    for (const text of [secret, keys.SSH_PRIVATE_KEY_B64, server.env['AWS_SECRET_ACCESS_KEY'] as string]) {
      expect(() => execFileSync('grep', ['-rFq', text, scratch]), text).toThrow();
      expect(main.stderr).not.toContain(text);
    }
  });

  it('uploads meanwhile what is in a working directory on scratch', async () => {
    mkdirSync(path.join(scratch, 'project'));
    execFileSync('cp', ['-R', path.join(project.root, 'train.py'), path.join(scratch, 'project/')]);
    execFileSync('touch', [path.join(scratch, 'project/stay')]);
    execFileSync('chown', ['-R', '123456:83070', path.join(scratch, 'project')]);
    const own = identity('  uid: 123456\n  group: vision\n  gid: 83070\n  working_dir: /scratch/project\n');
    await project.write('config/kube.yaml', kubeYaml(own).replace('snapshot', 'image'));
    using run = await pod({ claims: { 'lab-scratch': scratch }, squashesRoot: true }, images.debian);
    await run.start();
    await run.main.printed('trained /scratch/project');
    await expect.poll(() => stored('out/result'), { timeout: 20_000 }).toBeDefined();
    expect(await run.delete(), run.logs()).toMatchObject({ code: 9 });
    expect(stored('out/last')).toBe('checkpoint');
    expect(readdirSync(path.join(scratch, 'project/out')).sort()).toEqual(['env', 'last', 'result']);
  });
});

it('with code: git, the commit of the sweep runs, whatever is pushed meanwhile', async () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd: project.root,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  const bare = path.join(project.root, 'origin.git');
  const web = createServer((request, response) => {
    const file = path.join(project.root, new URL(request.url ?? '/', 'http://x').pathname);
    try {
      response.end(readFileSync(file));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  try {
    await project.write('.gitignore', 'kubeconfig\n.env\norigin.git/\nbuild/\n.toolbox/\n');
    git('init', '--quiet', '--initial-branch=main');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'first');
    git('init', '--quiet', '--bare', bare);
    git('remote', 'add', 'origin', `http://127.0.0.1:${(web.address() as AddressInfo).port}/origin.git`);
    const push = () => {
      git('push', '--quiet', bare, 'main');
      git('--git-dir', bare, 'update-server-info');
    };
    push();
    await project.write('config/kube.yaml', kubeYaml('').replace('snapshot', 'git'));
    using run = await pod({}, images.debian);
    await project.write('train.py', 'raise SystemExit(4)');
    git('commit', '--quiet', '--all', '--message', 'second');
    push();
    await run.start();
    const main = await run.wait();
    expect(main, run.logs()).toMatchObject({ code: 3 });
    expect(main.stderr).toMatch(/code: cloned commit [0-9a-f]{12} into .* \(\d+\.\d s\)\n/);
    expect(stored('out/result')).toBe('1,2,3\nmore\n$(NODE_NAME)');
  } finally {
    web.close();
  }
});

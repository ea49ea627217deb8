import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packSnapshot } from '../../src/container/pack-snapshot.ts';
import { podParts } from '../../src/container/pod-parts.ts';
import { snapshotConfigMapNames, snapshotConfigMaps } from '../../src/container/snapshot-config-maps.ts';
import { storeSnapshot } from '../../src/container/store-snapshot.ts';
import { FakeS3Server } from '../fakes/s3-server.ts';
import { openFakeBucket } from './fake-bucket.ts';
import { minimalFiles } from './minimal-root.ts';
import { ProjectFolder } from './project-folder.ts';
import { type Ran, Sandbox } from './sandbox.ts';

// What the toolbox image holds, copied as the init container copies it, in an image that has neither.

let installed: string;
beforeAll(() => {
  installed = mkdtempSync(path.join(tmpdir(), 'toolbox-installed-'));
  execFileSync('container/install.sh', [path.join(installed, 'toolbox')], { stdio: 'pipe' });
  // Copied as the init container does it, inside a container of the toolbox image.
  using helper = new Sandbox();
  // A hard-linked copy, as running it adds to its compile cache.
  execFileSync('cp', ['-al', path.join(installed, 'toolbox'), helper.path('opt/toolbox')]);
  mkdirSync(helper.path('kube-toolbox/toolbox'));
  const ran = helper.run(['/opt/toolbox/container/copy.sh', '/kube-toolbox/toolbox']);
  expect(ran).toMatchObject({ code: 0, stdout: '' });
  renameSync(helper.path('kube-toolbox/toolbox'), path.join(installed, 'copied'));
});
afterAll(() => rmSync(installed, { recursive: true, force: true }));

let image: Sandbox;
let server: FakeS3Server;
beforeEach(async () => {
  image = new Sandbox(minimalFiles);
  server = new FakeS3Server();
  await server.start();
});
afterEach(async () => {
  image[Symbol.dispose]();
  await server.stop();
});

/** Hard links to the copy: 130 MB a test would be slow. */
function copyToolbox(): void {
  execFileSync('cp', ['-al', path.join(installed, 'copied'), image.path('opt/toolbox')]);
}

const PATH = '/opt/toolbox/bin:/usr/bin';

async function inImage(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = '/root',
): Promise<Ran> {
  return await image.start(command, { env: { PATH, HOME: '/root', ...env }, cwd }).ended();
}

describe('the toolbox in an image that has neither Node nor make', () => {
  it('runs as ktb, kube-toolbox and make, from wherever it is copied to', async () => {
    expect((await inImage(['bash', '-c', 'node; make'], { PATH: '/usr/bin' })).code).toBe(127);
    copyToolbox();
    const version = `kube-toolbox ${(JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version}\n`;
    for (const name of ['ktb', 'kube-toolbox'])
      expect((await inImage([name, '--version'])).stdout).toBe(version);
    renameSync(image.path('opt/toolbox'), image.path('opt/elsewhere'));
    symlinkSync('/opt/elsewhere/bin/ktb', image.path('usr/bin/ktb'));
    expect((await inImage(['ktb', '--version'])).stdout).toBe(version);
    // Nothing of it is set for what it starts.
    expect((await inImage(['bash', '-c', 'echo "${LD_LIBRARY_PATH-none}"'])).stdout).toBe('none\n');
  });

  it('leaves out what the image preloads, which is for another C library', async () => {
    copyToolbox();
    const env = { LD_PRELOAD: '/usr/lib/none.so' };
    const ran = await inImage(['/opt/toolbox/libexec/start-node', '-p', 'process.env.LD_PRELOAD'], env);
    expect(ran).toMatchObject({ code: 0, stdout: 'undefined\n' });
  });

  it('is there for shells that are opened in the pod later, but not in the place of what the image has', async () => {
    copyToolbox();
    mkdirSync(image.path('usr/local/bin'), { recursive: true });
    image.write('usr/bin/make', '#!/bin/sh\necho own\n', 0o755);
    const run = ['bash', '/kube-toolbox/scripts/run.sh', 'true'];
    expect((await inImage(run, { PATH: '/usr/bin' })).stderr).toBe('');
    const shell = { PATH: '/usr/local/bin:/usr/bin' };
    expect((await inImage(['ktb', '--version'], shell)).stdout).toContain('kube-toolbox ');
    expect((await inImage(['make'], shell)).stdout).toBe('own\n');
    // A container that is started again finds its links.
    expect((await inImage(run, shell)).stderr).toBe('');
    rmSync(image.path('usr/local/bin/ktb'));
    const identity = { NB_USER: 'jdoe', NB_UID: '1234', NB_GROUP: 'lab', NB_GID: '83070' };
    await inImage(['sh', '/kube-toolbox/scripts/entrypoint.sh', 'true'], { ...shell, ...identity });
    expect(readlinkSync(image.path('usr/local/bin/ktb'))).toBe('/opt/toolbox/bin/ktb');
  });

  it('downloads by make, whichever way the project includes the toolbox', async () => {
    copyToolbox();
    server.bucket.put('data/1.txt', Buffer.from('1,2,3'));
    const makefiles: [string, (folder: string) => void][] = [
      ['none', () => {}],
      [
        'from node_modules',
        (folder) =>
          image.write(
            `${folder}/Makefile`,
            'include node_modules/kube-toolbox/Makefile\nown:\n\t@echo own\n',
          ),
      ],
      [
        'from a folder of the other machine',
        (folder) => image.write(`${folder}/Makefile`, 'include /home/me/kube-toolbox/Makefile\n'),
      ],
      [
        'a link to a submodule that is not there',
        (folder) => symlinkSync('src/toolbox/Makefile', image.path(`${folder}/Makefile`)),
      ],
      [
        'from a submodule that is there, unbuilt',
        (folder) => {
          mkdirSync(image.path(`${folder}/src/toolbox`), { recursive: true });
          cpSync('Makefile', image.path(`${folder}/src/toolbox/Makefile`));
          cpSync('package.json', image.path(`${folder}/src/toolbox/package.json`));
          symlinkSync('src/toolbox/Makefile', image.path(`${folder}/Makefile`));
        },
      ],
    ];
    for (const [index, [name, write]] of makefiles.entries()) {
      const folder = `root/p${index}`;
      mkdirSync(image.path(folder));
      write(folder);
      const ran = await inImage(['make', 'download', 'file=data/'], server.env, `/${folder}`);
      expect(ran, name).toMatchObject({ code: 0, stdout: 'Downloaded data/1.txt to ./data/1.txt\n' });
      expect(readFileSync(image.path(`${folder}/data/1.txt`), 'utf8')).toBe('1,2,3');
    }
    expect((await inImage(['make', 'own'], {}, '/root/p1')).stdout).toBe('own\n');
    expect((await inImage(['make', '-C', '/root/p1', 'own'])).stdout).toContain('own\n');
  });
});

describe('the copy', () => {
  it('is made by whatever user the pod runs as, into a directory that is not theirs', () => {
    using helper = new Sandbox();
    execFileSync('cp', ['-al', path.join(installed, 'toolbox'), helper.path('opt/toolbox')]);
    mkdirSync(helper.path('kube-toolbox/toolbox'));
    chmodSync(helper.path('kube-toolbox/toolbox'), 0o777);
    const ran = helper.run([
      ...['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', '--'],
      ...['/opt/toolbox/container/copy.sh', '/kube-toolbox/toolbox'],
    ]);
    expect(ran).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: 'kube-toolbox: copied the toolbox into /kube-toolbox/toolbox\n',
    });
  });

  it('holds all that the package ships', () => {
    const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: readonly string[] };
    const shipped = files.filter((name) => !name.startsWith('!') && name !== 'container');
    expect(readdirSync(path.join(installed, 'copied/package'))).toEqual(expect.arrayContaining(shipped));
  });
});

describe('a job with code: snapshot, data and outputs in such an image', () => {
  let project: ProjectFolder;
  beforeEach(() => {
    project = new ProjectFolder();
    project.write(
      'train.sh',
      'read -r a <data/1.txt; mkdir -p out/t; echo "got $a" >out/t/result; echo trained; exit 3\n',
    );
    server.bucket.put('data/1.txt', Buffer.from('1,2,3\n'));
    copyToolbox();
  });
  afterEach(() => project[Symbol.dispose]());

  function parts(from: Parameters<typeof podParts>[0]['code']) {
    return podParts({
      project: 'example',
      command: 'bash train.sh',
      condaEnvironment: 'example',
      fields: { image: 'debian', toolbox_image: 'lab/kube-toolbox', data: ['data/'], outputs: ['out/t/'] },
      code: from,
      hasFiles: false,
    });
  }

  /** Plays the pod: its init containers one after another, then the main container. */
  async function runPod(pod: ReturnType<typeof podParts>): Promise<Ran> {
    for (const init of pod.initContainers.filter(({ name }) => name !== 'toolbox')) {
      const ran = await inImage(init.command, { ...init.env, ...(init.secrets && server.env) });
      expect(ran, init.name).toMatchObject({ code: 0 });
    }
    return await inImage([...pod.command, ...pod.args], { ...pod.env, ...server.env });
  }

  it('fetches its code from the bucket, runs, and leaves its outputs there', async () => {
    const snapshot = await packSnapshot(project);
    const store = await openFakeBucket(server);
    await storeSnapshot(snapshot, store, project.signal);
    store.close();
    const key = `.toolbox/code/${snapshot.digest}.tar.gz`;
    const ran = await runPod(
      parts({ kind: 'snapshot', digest: snapshot.digest, from: { store: 'bucket', key } }),
    );
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('trained\n');
    expect(server.bucket.objects.get('out/t/result')?.body.toString()).toBe('got 1,2,3\n');
    expect(readdirSync(image.path('kube-toolbox/workspace')).sort()).toEqual(['example']);
  });

  it('unpacks its code from ConfigMaps', async () => {
    const snapshot = await packSnapshot(project);
    const names = snapshotConfigMapNames(snapshot, { user: 'me', project: 'example' });
    const pod = parts({ kind: 'snapshot', digest: snapshot.digest, from: { store: 'configmaps', names } });
    const maps = snapshotConfigMaps(readFileSync(snapshot.file), names, { namespace: 'lab', labels: {} });
    for (const map of maps) {
      for (const [part, text] of Object.entries(map['binaryData'] as Record<string, string>)) {
        image.write(`kube-toolbox/code/${part}`, '');
        execFileSync('sh', ['-c', 'base64 -d >"$1"', 'sh', image.path(`kube-toolbox/code/${part}`)], {
          input: text,
        });
      }
    }
    expect((await runPod(pod)).code).toBe(3);
    expect(server.bucket.objects.get('out/t/result')?.body.toString()).toBe('got 1,2,3\n');
  });

  it('refuses code that is damaged or missing', async () => {
    const snapshot = await packSnapshot(project);
    image.write('kube-toolbox/code/part-000', '');
    const env = {
      TOOLBOX_WORK: '/kube-toolbox/workspace',
      TOOLBOX_PROJECT: 'example',
      TOOLBOX_CODE_DIGEST: snapshot.digest,
    };
    const unpack = ['sh', '/kube-toolbox/scripts/unpack.sh'];
    const parts = { ...env, TOOLBOX_CODE_PARTS: '/kube-toolbox/code' };
    expect(await inImage(unpack, parts)).toMatchObject({ code: 1, stdout: '' });
    execFileSync('cp', [snapshot.file, image.path('kube-toolbox/code/part-000')]);
    const other = await inImage(unpack, { ...parts, TOOLBOX_CODE_DIGEST: 'd'.repeat(64) });
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('the snapshot is damaged: its digest is');
    const missing = await inImage(unpack, {
      ...env,
      ...server.env,
      TOOLBOX_CODE_KEY: '.toolbox/code/none.tar.gz',
    });
    expect(missing.code).not.toBe(0);
    const bare = await inImage(unpack, {
      ...env,
      TOOLBOX_HOME: '/none',
      PATH: '/usr/bin',
      TOOLBOX_CODE_KEY: 'x',
    });
    expect(bare.stderr).toContain('this image has no ktb to fetch the snapshot with; set toolbox_image');
  });

  it('succeeds with outputs that turn out to be empty, or to match nothing', async () => {
    const pod = podParts({
      project: 'example',
      command: 'mkdir -p out/t; true',
      condaEnvironment: 'example',
      fields: { image: 'debian', outputs: ['out/t/', '*.bin'] },
      code: { kind: 'image' },
      hasFiles: false,
    });
    const ran = await runPod(pod);
    expect(ran.stderr).toContain('out/t/: nothing to upload\n');
    expect(ran.stderr).toContain('*.bin: nothing to upload\n');
    expect(ran.code).toBe(0);
  });

  it('saves its outputs so far when it is deleted', async () => {
    project.write('train.sh', 'mkdir -p out/t; echo half >out/t/result; echo ready; sleep 600\n');
    const snapshot = await packSnapshot(project);
    const tree = image.path('kube-toolbox/workspace/example');
    mkdirSync(tree);
    execFileSync('tar', ['-xzf', snapshot.file, '-C', tree]);
    const from = { store: 'bucket', key: 'unused' } as const;
    const pod = parts({ kind: 'snapshot', digest: snapshot.digest, from });
    const started = image.start([...pod.command, ...pod.args], {
      cwd: '/root',
      env: { PATH, HOME: '/root', ...pod.env, ...server.env },
    });
    await started.printed('ready');
    started.kill('SIGTERM');
    expect((await started.ended()).code).toBe(143);
    expect(server.bucket.objects.get('out/t/result')?.body.toString()).toBe('half\n');
  });
});

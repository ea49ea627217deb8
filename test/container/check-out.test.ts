import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packSnapshot } from '../../src/container/pack-snapshot.ts';
import { storeSnapshot } from '../../src/container/store-snapshot.ts';
import { makeClusterProject } from '../cli/cluster-project.ts';
import { startFakeCluster } from '../fakes/kubernetes-api.ts';
import { FakeS3Server } from '../fakes/s3-server.ts';
import { runMain } from '../setup/run-main.ts';
import { openFakeBucket } from './fake-bucket.ts';
import { ProjectFolder } from './project-folder.ts';
import { writeRecord } from './write-record.ts';

let project: ProjectFolder;
beforeEach(() => {
  project = new ProjectFolder();
  project.write('src/train.py', 'as it ran');
  project.write('.gitignore', '.toolbox/\n');
});
afterEach(() => project[Symbol.dispose]());

const checkout = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runMain(project.cwd, ['checkout', '--run=example-t', ...argv], { env: { ...project.env, ...env } });

describe('a run of a snapshot', () => {
  let digest: string;
  beforeEach(async () => {
    digest = (await packSnapshot(project)).digest;
    writeRecord(project, 'example-t', `snapshot:${digest}`);
    project.write('src/train.py', 'changed since');
    project.write('src/new.py', 'new since');
  });

  it('restores exactly that tree', async () => {
    const ran = await checkout([]);
    expect(ran).toMatchObject({ code: 0, stdout: '.toolbox/checkout/example-t\n' });
    expect(ran.stderr).toBe(`example-t ran snapshot:${digest}, 2 files\n`);
    expect(readFileSync(project.path('.toolbox/checkout/example-t/src/train.py'), 'utf8')).toBe('as it ran');
    expect(readdirSync(project.path('.toolbox/checkout/example-t/src'))).toEqual(['train.py']);
    // The restored tree packs to the same digest.
    const again = await packSnapshot({
      cwd: project.path('.toolbox/checkout/example-t'),
      env: project.env,
      signal: project.signal,
    });
    expect(again.digest).toBe(digest);
  });

  it('goes into the folder asked for', async () => {
    const ran = await checkout(['--to=old', '--json']);
    expect(JSON.parse(ran.stdout)).toEqual({
      type: 'checkout',
      run: 'example-t',
      folder: 'old',
      code: `snapshot:${digest}`,
    });
    expect(readFileSync(project.path('old/src/train.py'), 'utf8')).toBe('as it ran');
  });

  it('comes from the bucket on another machine', async () => {
    const server = new FakeS3Server();
    await server.start();
    const store = await openFakeBucket(server);
    await storeSnapshot(
      { digest, file: project.path(`.toolbox/code/${digest}.tar.gz`) },
      store,
      project.signal,
    );
    store.close();
    rmSync(project.path('.toolbox/code'), { recursive: true });
    const ran = await checkout([], server.env);
    await server.stop();
    expect(ran.code).toBe(0);
    expect(readFileSync(project.path('.toolbox/checkout/example-t/src/train.py'), 'utf8')).toBe('as it ran');
    expect(readdirSync(project.path('.toolbox/code'))).toEqual([`${digest}.tar.gz`]);
  });
});

it('a run of a commit is restored as a clone at that commit', async () => {
  const commit = project.commit();
  project.write('src/train.py', 'changed since');
  project.git('commit', '--quiet', '--all', '--amend', '--message', 'rewritten');
  project.git('remote', 'add', 'origin', 'git@github.com:me/example.git');
  writeRecord(project, 'example-t', `git:${commit}`);
  const ran = await checkout([]);
  expect(ran).toMatchObject({ code: 0, stdout: '.toolbox/checkout/example-t\n' });
  const folder = project.path('.toolbox/checkout/example-t');
  expect(readFileSync(`${folder}/src/train.py`, 'utf8')).toBe('as it ran');
  expect(project.git('-C', folder, 'rev-parse', 'HEAD')).toBe(commit);
  expect(project.git('-C', folder, 'remote', 'get-url', 'origin')).toBe('git@github.com:me/example.git');
  expect(project.git('-C', folder, 'status', '--porcelain')).toBe('');
});

it('a run without a record here is that of the Job of its name', async () => {
  const cluster = await startFakeCluster();
  const mine = await makeClusterProject(cluster);
  try {
    await mine.write(
      'config/kube.yaml',
      `project_name: example\nuser: alice\nnamespace: lab\nimage: x\ncode: snapshot\n`,
    );
    await mine.write('config/launch.yaml', 'model: {t: {command: "true"}}\n');
    await mine.write('.gitignore', 'kubeconfig\n');
    await mine.write('train.py', 'as it ran');
    await mine.write('.env', 'TOKEN=canary-zz-12345\n');
    await mine.write('notes.txt', 'canary-zz-12345');
    expect(await mine.run(['job'])).toMatchObject({ code: 0 });
    // Code with a value of .env in it is nobody else's to read.
    const code = (plural: string) =>
      cluster.store.list(plural).filter((object) => object.metadata.name.startsWith('code-'));
    expect([code('configmaps').length, code('secrets').length]).toEqual([0, 1]);
    const [job] = cluster.store.list('jobs') as unknown as { spec: object }[];
    expect(JSON.stringify(job?.spec)).toContain(`{"secret":{"name":"${code('secrets')[0]?.metadata.name}"`);
    rmSync(`${mine.root}/.toolbox/runs`, { recursive: true, force: true });
    await mine.write('train.py', 'changed since');
    const ran = await mine.run(['checkout', '--run=alice-example-t', '--to=old']);
    expect(ran).toMatchObject({ code: 0, stdout: 'old\n' });
    expect(readFileSync(`${mine.root}/old/train.py`, 'utf8')).toBe('as it ran');
    expect(await mine.run(['checkout', '--run=alice-example-none'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no record and no Job of a run named "alice-example-none"\n'),
    });
    const kube = 'project_name: example\nuser: alice\nnamespace: lab\nimage: x\ncode: image\n';
    await mine.write('config/kube.yaml', kube);
    expect(await mine.run(['job', 'overwrite=true'])).toMatchObject({ code: 0 });
    rmSync(`${mine.root}/.toolbox/runs`, { recursive: true, force: true });
    expect(await mine.run(['checkout', '--run=alice-example-t'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('the image of alice-example-t brought its code'),
    });
    await cluster.stop();
    const gone = await mine.run(['checkout', '--run=alice-example-none']);
    expect(gone).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('; the cluster could not be asked: '),
    });
  } finally {
    await cluster.stop().catch(() => {});
    await mine.remove();
  }
});

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/records/run-record.ts';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';
import { type ClusterProject, kubeYaml, useClusterProject } from './cluster-project.ts';

const trial = (size: number) => `alice-example-average-data1-hid-${size}`;

let cluster: FakeCluster;
let project: ClusterProject;

useClusterProject(async (madeCluster, madeProject) => {
  cluster = madeCluster;
  project = madeProject;
  await project.write('config/kube.yaml', `${kubeYaml}pack: 3\n`);
  await project.write(
    'config/launch.yaml',
    'model:\n  average: {command: "python a.py", hparam: {hid: [1, 2, 3, 4]}}\ndataset:\n  data1: {}\n',
  );
});

const jobs = () => cluster.store.list('jobs', 'lab').map(({ metadata }) => metadata.name);
const isPack = (name: string) => name.includes('-pack-');

describe('a pack on a cluster', () => {
  beforeEach(() => {
    cluster.simulation.fate = ({ metadata: { name } }) =>
      isPack(name)
        ? {
            kind: 'failed',
            exitCode: 1,
            lastWords: '[0,3,0]',
            log: `[${trial(1)}] one\n[${trial(2)}] two\n[${trial(1)}] kube-toolbox: ended with exit code 0\n`,
          }
        : { kind: 'running' };
  });

  it('is one Job of up to N trials, and each has its own state', async () => {
    const ran = await project.run(['job']);
    expect(ran.code).toBe(0);
    expect(jobs().filter(isPack)).toHaveLength(1);
    expect(jobs()).toHaveLength(2);
    expect(ran.stdout).toContain(`Job '${trial(2)}' runs in ${jobs().find(isPack)}.`);
    const { stdout } = await project.run(['status', '--json']);
    const states = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; state: string; exitCode?: number });
    expect(states.map(({ name, state, exitCode }) => [name, state, exitCode])).toEqual([
      [trial(1), 'succeeded', 0],
      [trial(2), 'failed', 3],
      [trial(3), 'succeeded', 0],
      [trial(4), 'running', undefined],
    ]);
  });

  it('shows the lines of one trial as that trial printed them', async () => {
    await project.run(['job']);
    expect((await project.run(['logs', `--name=${trial(1)}`])).stdout).toBe(
      'one\nkube-toolbox: ended with exit code 0\n',
    );
  });

  it('says in JSON whose each line is', async () => {
    await project.run(['job']);
    const read = async (name: string) =>
      (await project.run(['logs', `--name=${name}`, '--json'])).stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { name: string; text: string })
        .map(({ name: whose, text }) => [whose, text]);
    const ofFirst = [
      [trial(1), 'one\n'],
      [trial(1), 'kube-toolbox: ended with exit code 0\n'],
    ];
    expect(await read(trial(1))).toEqual(ofFirst);
    expect(await read('*-pack-*')).toEqual([ofFirst[0], [trial(2), 'two\n'], ofFirst[1]]);
  });

  it('prints the last lines of one trial, wherever they are in the pod’s log', async () => {
    await project.run(['job']);
    expect((await project.run(['logs', `--name=${trial(1)}`, '--tail=2'])).stdout).toBe(
      'one\nkube-toolbox: ended with exit code 0\n',
    );
    expect((await project.run(['logs', `--name=${trial(1)}`, '--tail=1'])).stdout).toBe(
      'kube-toolbox: ended with exit code 0\n',
    );
  });

  it('keeps records and logs of its trials when it is deleted, and runs only what failed again', async () => {
    await project.run(['job']);
    expect((await project.run(['clean-jobs', '--yes=true'])).stdout).toMatch(/pack-\w+ deleted/);
    const { stdout } = await project.run(['status']);
    expect(stdout).toMatch(new RegExp(`${trial(1)} +succeeded`));
    expect(stdout).toMatch(new RegExp(`${trial(2)} +failed`));
    expect((await project.run(['logs', `--name=${trial(1)}`])).stdout).toContain('one\n');
    cluster.simulation.fate = () => ({ kind: 'running' });
    await project.run(['job']);
    expect(jobs().sort()).toEqual([trial(2), trial(4)]);
  });

  it('is deleted by the name of one of its trials, which says what goes with it', async () => {
    await project.run(['job']);
    const ran = await project.run(['delete-job', `--name=${trial(3)}`, '--yes=true']);
    expect(ran.stderr).toContain(`, with ${trial(1)}, ${trial(2)}, ${trial(3)}`);
    expect(jobs()).toEqual([trial(4)]);
  });

  it('is removed when each of its trials runs again', async () => {
    await project.run(['job']);
    const [old] = jobs().filter(isPack);
    cluster.simulation.fate = () => ({ kind: 'running' });
    await project.run(['job', '--where=hid=1', '--overwrite=true']);
    expect(jobs()).toContain(old);
    await project.run(['job', '--overwrite=true', '--where=hid=2']);
    await project.run(['job', '--overwrite=true', '--where=hid=3']);
    await project.run(['job']);
    expect(jobs()).not.toContain(old);
  });

  it('keeps what its trials have printed when they run again while it runs', async () => {
    cluster.simulation.fate = ({ metadata: { name } }) =>
      isPack(name) ? { kind: 'running', log: `[${trial(1)}] one\n[${trial(2)}] two\n` } : { kind: 'running' };
    await project.run(['job']);
    const [old] = jobs().filter(isPack);
    await expect.poll(() => cluster.simulation.podsOf('lab', old ?? '').length).toBe(1);
    const folder = join(project.root, '.toolbox/runs', trial(1));
    // Nothing is deleted for what cannot be made.
    await project.write('config/kube.yaml', `${kubeYaml.replace('file: null', 'file: [nope]')}pack: 3\n`);
    expect(await project.run(['job', 'overwrite=true'])).toMatchObject({ code: 2 });
    expect(jobs()).toContain(old);
    await project.write('config/kube.yaml', `${kubeYaml}pack: 3\n`);
    const body = { kind: 'Status', code: 422, reason: 'Invalid', message: 'Job.batch "x" is invalid: no' };
    const when = ({ url }: { url: URL }) => url.searchParams.has('dryRun');
    cluster.fail({ kind: 'answer', status: 422, body }, { when });
    const refused = await project.run(['job', 'overwrite=true']);
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('Job.batch "x" is invalid') });
    expect(jobs()).toContain(old);
    cluster.simulation.fate = () => ({ kind: 'running' });
    await project.run(['job', 'overwrite=true']);
    expect(await readFile(join(folder, 'attempt-1.log'), 'utf8')).toBe('one\n');
    expect(JSON.parse(await readFile(join(folder, 'record.json'), 'utf8'))).toMatchObject({
      state: 'interrupted',
      reason: 'replaced while it ran',
    });
  });

  it('hears a pack out that is about to fail', async () => {
    cluster.simulation.fate = ({ metadata: { name } }) =>
      isPack(name) ? { kind: 'failing' } : { kind: 'running' };
    await project.run(['job']);
    const [old = ''] = jobs().filter(isPack);
    const pod = () => cluster.simulation.podsOf('lab', old)[0]?.metadata.name ?? '';
    await expect.poll(pod).not.toBe('');
    cluster.simulation.write('lab', pod(), `[${trial(1)}] one\n`);
    setTimeout(() => {
      cluster.simulation.write('lab', pod(), `[${trial(1)}] last words\n`);
      cluster.simulation.fate = () => ({ kind: 'running' });
      cluster.simulation.move('lab', old, { kind: 'failed', exitCode: 1, lastWords: '[3,3,3]' });
    }, 300);
    await project.run(['job', 'overwrite=true']);
    const log = join(project.root, '.toolbox/runs', trial(1), 'attempt-1.log');
    expect(await readFile(log, 'utf8')).toBe('one\nlast words\n');
  });

  it('runs only the failed trial again', async () => {
    await project.run(['job']);
    cluster.simulation.fate = () => ({ kind: 'running' });
    const again = await project.run(['job']);
    expect(again.stdout).toContain(`Job '${trial(1)}' succeeded`);
    expect(jobs()).toContain(trial(2));
    expect((await project.run(['status'])).stdout).toMatch(new RegExp(`${trial(2)} +running`));
  });

  it('leaves a record of each when it is waited for', async () => {
    cluster.simulation.fate = ({ metadata: { name } }) =>
      isPack(name) ? { kind: 'failed', exitCode: 1, lastWords: '[0,3,0]' } : { kind: 'succeeded' };
    const ran = await project.run(['job', '--wait=true']);
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.stderr).toContain('3 succeeded, 1 failed');
    const read = async (name: string) =>
      JSON.parse(
        await readFile(join(project.root, '.toolbox/runs', name, 'record.json'), 'utf8'),
      ) as RunRecord;
    expect(await read(trial(2))).toMatchObject({ state: 'failed', exitCode: 3, hparam: { hid: '2' } });
    expect(await read(trial(3))).toMatchObject({ state: 'succeeded', exitCode: 0 });
  });
});

it('has states of its own for trials that have ended while others run', async () => {
  cluster.simulation.fate = ({ metadata: { name } }) => ({
    kind: 'running',
    ...(isPack(name) && {
      log: `[${trial(1)}] [kube-toolbox/pack] [1,1,1]\n[kube-toolbox/pack] [null,null,0]\n[kube-toolbox/pack] [null,3,0]\n`,
    }),
  });
  await project.run(['job']);
  const { stdout } = await project.run(['status']);
  expect(stdout).toMatch(new RegExp(`${trial(1)} +running`));
  expect(stdout).toMatch(new RegExp(`${trial(2)} +failed .* 3 `));
  expect(stdout).toMatch(new RegExp(`${trial(3)} +succeeded`));
  // What has failed runs again beside the pack.
  await project.run(['job']);
  expect(jobs()).toContain(trial(2));
});

it('counts no exit code of a pod that is followed by another', async () => {
  await project.write('config/kube.yaml', `${kubeYaml}pack: 3\nretries: 1\n`);
  cluster.simulation.fate = ({ metadata: { name } }) => ({
    kind: 'running',
    ...(isPack(name) && { log: '[kube-toolbox/pack] [0,3,null]\n' }),
  });
  await project.run(['job']);
  const { stdout } = await project.run(['status']);
  for (const size of [1, 2, 3]) expect(stdout).toMatch(new RegExp(`${trial(size)} +running`));
});

it('is held against the policy as the pod that it is', async () => {
  await project.write(
    'lab.yaml',
    'name: lab\nrules: [{field: memory, most: 2, for: job, why: nodes are small}]\n',
  );
  await project.write('config/kube.yaml', `${kubeYaml}pack: 3\npolicy: ./lab.yaml\n`);
  const ran = await project.run(['dryrun']);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('memory is 3, and may be at most 2');
});

it('that waits is left as it is, and has no log yet', async () => {
  await project.run(['job']);
  const again = await project.run(['job']);
  expect(again.stderr).toContain('4 left as they are\n');
  const summary = (await project.run(['job', '--json'])).stdout.trim().split('\n').at(-1) ?? '';
  expect(JSON.parse(summary)).toMatchObject({ type: 'summary', steps: { kept: 4, created: 0 } });
  const { code, stderr } = await project.run(['logs', `--name=${trial(1)}`]);
  expect(code).toBe(3);
  expect(stderr).toContain(`${jobs().find(isPack)}, in which ${trial(1)} runs, has no pod, and so no log`);
});

it('says in what a trial has changed that runs again in another pack', async () => {
  await project.run(['job']);
  await project.write('config/kube.yaml', `${kubeYaml.replace('python:3', 'python:4')}pack: 3\n`);
  const { stdout } = await project.run(['job', '--overwrite=changed']);
  expect(stdout).toMatch(
    new RegExp(`^Job '${trial(1)}' has changed since: image\\. It runs in \\S+\\.$`, 'm'),
  );
});

it('does not stop the others of a running pack to replace one of them', async () => {
  cluster.simulation.fate = () => ({ kind: 'running' });
  await project.run(['job']);
  const before = jobs();
  const ran = await project.run(['job', '--where=hid=2', '--overwrite=true']);
  expect(ran.stdout).toContain('it runs beside others; make delete_job name=');
  expect(jobs()).toEqual(before);
  await project.run(['job', '--overwrite=true']);
  expect(jobs().sort()).toEqual(before.sort());
});

it('keeps what is known of its trials when its pods are gone', async () => {
  cluster.simulation.fate = ({ metadata: { name } }) =>
    isPack(name)
      ? { kind: 'failed', exitCode: 1, lastWords: '[0,3,0]', log: `[${trial(2)}] two\n` }
      : { kind: 'running' };
  await project.run(['job']);
  await project.run(['status']);
  const [old = ''] = jobs().filter(isPack);
  for (const pod of cluster.simulation.podsOf('lab', old)) cluster.store.remove('pods', pod);
  const { stdout } = await project.run(['status']);
  expect(stdout).toMatch(new RegExp(`${trial(1)} +succeeded`));
  expect(stdout).toMatch(new RegExp(`${trial(2)} +failed .* 3 `));
  cluster.simulation.fate = () => ({ kind: 'running' });
  await project.run(['job']);
  expect(jobs().sort()).toEqual([old, trial(2), trial(4)].sort());
  await project.run(['job', '--overwrite=true']);
  const record = join(project.root, '.toolbox/runs', trial(2), 'record.json');
  expect(JSON.parse(await readFile(record, 'utf8'))).toMatchObject({ attempt: 1, exitCode: 3 });
  await expect(readFile(join(project.root, '.toolbox/runs', trial(2), 'attempt-1.log'))).rejects.toThrow();
});

it('is left as it is when the files pack no more, or replaced by one Job a trial', async () => {
  cluster.simulation.fate = () => ({ kind: 'running' });
  await project.run(['job']);
  const before = jobs();
  await project.write('config/kube.yaml', kubeYaml);
  const again = await project.run(['job']);
  expect(again.stderr).toContain('4 left as they are\n');
  expect(jobs()).toEqual(before);
  await project.run(['job', '--overwrite=true']);
  expect(jobs().sort()).toEqual([1, 2, 3, 4].map(trial));
});

it('takes the place of the Jobs that its trials had for themselves', async () => {
  await project.write('config/kube.yaml', kubeYaml);
  cluster.simulation.fate = () => ({ kind: 'running' });
  await project.run(['job']);
  await project.write('config/kube.yaml', `${kubeYaml}pack: 3\n`);
  await project.run(['job']);
  expect(jobs().sort()).toEqual([1, 2, 3, 4].map(trial));
  for (const size of [1, 2]) cluster.simulation.move('lab', trial(size), { kind: 'failed', exitCode: 4 });
  await project.run(['job']);
  expect(
    jobs()
      .filter((name) => !isPack(name))
      .sort(),
  ).toEqual([3, 4].map(trial));
  expect(jobs().filter(isPack)).toHaveLength(1);
  const record = join(project.root, '.toolbox/runs', trial(1), 'record.json');
  expect(JSON.parse(await readFile(record, 'utf8'))).toMatchObject({ attempt: 1, exitCode: 4 });
  await project.run(['job', '--overwrite=true']);
  expect(jobs().filter((name) => !isPack(name))).toEqual([trial(4)]);
  expect(jobs().filter(isPack)).toHaveLength(1);
});

it('dryrun writes the pack’s manifest', async () => {
  await project.run(['dryrun']);
  const files = (await readdir(join(project.root, 'build'))).filter(isPack);
  expect(files).toHaveLength(1);
  expect(await readFile(join(project.root, 'build', files[0] ?? ''), 'utf8')).toContain('cpu: 3');
});

it('gives its trials the variables that each would have alone', async () => {
  await project.write('.env', 'FOO=canary\n');
  await project.write(
    'config/kube.yaml',
    `${kubeYaml}pack: 3\nenv: {FOO: file, BAR: file, PYTHONPATH: lib}\n`,
  );
  await project.run(['dryrun']);
  const [file = ''] = (await readdir(join(project.root, 'build'))).filter(isPack);
  const manifest = await readFile(join(project.root, 'build', file), 'utf8');
  expect(manifest).toContain('BAR=file PYTHONPATH=src:lib TOOLBOX_NAME=');
  expect(manifest).not.toContain('FOO=file');
});

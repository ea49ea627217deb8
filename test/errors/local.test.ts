import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalProject, until } from '../setup/local-project.ts';

const sweep = `
project_name: p
prefix: ""
model:
  m: { command: 'echo <lr>; test ! -e fail-<lr>', hparam: { lr: [one, two, three] } }
`;

describe('what stands in the way of a local run', () => {
  it('LOCAL_LOCKED: says who runs trials here', async () => {
    const project = LocalProject.of('touch started; sleep 600');
    const first = project.start(['local', 'jobs=3']);
    await until(() => existsSync(join(project.root, 'started')));
    const second = await project.run(['local']);
    expect(second.code).toBe(3);
    expect(second.stderr).toMatch(
      new RegExp(
        `LOCAL_LOCKED: .*: pid ${first.child.pid} on ${hostname()} since \\d{4}-.*Z \\(ktb local jobs=3\\)`,
      ),
    );
    expect(second.stderr).toContain(`kill -INT ${first.child.pid}`);
    expect((await project.run(['plan'])).code).toBe(0);
    first.child.kill('SIGINT');
    await first.ended;
    project.write('config/launch.yaml', project.read('config/launch.yaml').replace('sleep 600', 'true'));
    expect((await project.run(['local'])).code).toBe(0);
  });

  it('LOCAL_MISSING_DATA: before anything runs, with what to type', async () => {
    const project = LocalProject.of('touch ran', '    data: [data/here.csv, data/gone.csv]\n');
    project.write('data/here.csv', '');
    const { code, stderr } = await project.run(['local']);
    expect(code).toBe(1);
    expect(stderr).toContain('LOCAL_MISSING_DATA: "data/gone.csv", data of p-m, is not here');
    expect(stderr).toContain('hint: type: make download file=data/gone.csv');
    expect(stderr).not.toContain('here.csv');
    expect(existsSync(join(project.root, 'ran'))).toBe(false);
  });

  it('LOCAL_MISSING_DATA: a pattern needs a file that it matches', async () => {
    const project = LocalProject.of('touch ran', "    data: ['data/*.csv', 'my data/']\n");
    project.write('data/sub/here.txt', '');
    project.write('my data/x', '');
    const { code, stderr } = await project.run(['local']);
    expect([code, stderr]).toEqual([1, expect.stringContaining("type: make download file='data/*.csv'\n")]);
    expect(stderr).not.toContain('my data');
    project.write('data/sub/here.csv', '');
    expect((await project.run(['local'])).code).toBe(0);
  });

  it('LOCAL_MISSING_DATA: a folder that is linked twice has its files under both names', async () => {
    const project = LocalProject.of('true', "    data: ['data/*1/x', 'data/*2/x']\n");
    project.write('store/x', '');
    project.write('data/circle', '');
    for (const name of ['v1', 'v2']) symlinkSync('../store', join(project.root, 'data', name));
    symlinkSync('..', join(project.root, 'data/up'));
    expect(await project.run(['local'])).toMatchObject({ code: 0 });
  });

  it('LOCAL_NO_BASH: no bash on PATH', async () => {
    const project = LocalProject.of('true');
    const { code, stderr } = await project.run(['local'], { PATH: project.root });
    expect(code).toBe(1);
    expect(stderr).toContain('LOCAL_NO_BASH: there is no bash on PATH');
  });

  it('LOCAL_UNWRITABLE: .toolbox is a file', async () => {
    const project = LocalProject.of('true');
    project.write('.toolbox', '');
    const { code, stderr } = await project.run(['local']);
    expect(code).toBe(1);
    expect(stderr).toContain('LOCAL_UNWRITABLE: cannot write');
    expect(stderr).toContain('a file stands where a folder is needed');
  });

  it('LOCAL_UNWRITABLE, LOCAL_LOG_CUT: a record and a log that cannot be written do not end the sweep', async () => {
    const project = new LocalProject({ 'config/launch.yaml': sweep });
    // Root may write anywhere, so folders stand in the way instead of permissions.
    mkdirSync(join(project.root, '.toolbox/runs/p-m-lr-two/record.json/x'), { recursive: true });
    await project.run(['local', 'where=lr=three']);
    mkdirSync(join(project.root, '.toolbox/runs/p-m-lr-three/attempt-2.log'), { recursive: true });
    const { code, stdout, stderr } = await project.run(['local']);
    expect(stdout).toBe('one\ntwo\nthree\n');
    expect(code).toBe(1);
    expect(stderr).toContain('error LOCAL_UNWRITABLE: cannot write .toolbox/runs/p-m-lr-two/record.json');
    expect(stderr).toContain('LOCAL_LOG_CUT: cannot write the log of p-m-lr-three');
    expect(stderr).toMatch(/p-m-lr-two +succeeded/);
    expect(project.record('p-m-lr-three').state).toBe('succeeded');
  });

  it('a trial whose folder goes away in mid-sweep fails with words', async () => {
    const project = new LocalProject({
      'config/launch.yaml': sweep.replace('echo <lr>', 'echo <lr>; cd /; rm -rf "$PWD_OF_PROJECT"'),
    });
    const { code, stderr } = await project.run(['local'], { PWD_OF_PROJECT: project.root });
    expect(code).toBe(1);
    expect(stderr).toContain('LOCAL_NO_FOLDER');
  });
});

describe('a full disk', () => {
  it('is told once, and the trial goes on', async () => {
    const project = LocalProject.of('head -c 200000 /dev/zero; echo after');
    await project.run(['local']);
    symlinkSync('/dev/full', join(project.root, '.toolbox/runs/p-m/attempt-2.log'));
    const { code, bytes, stderr } = await project.run(['local']);
    expect(bytes.length).toBe(200_000 + 'after\n'.length);
    expect(stderr.match(/LOCAL_LOG_CUT: cannot write the log of p-m: the disk is full/g)).toHaveLength(1);
    expect(code).toBe(0);
    expect(project.record('p-m').state).toBe('succeeded');
  });
});

describe('what an earlier toolbox has left', () => {
  const dead = { pid: 2 ** 22 + 1, startTime: 'never/1' };

  it('LOCAL_TAKEN_OVER, LOCAL_LOST: it was killed, and so were its trials', async () => {
    const project = LocalProject.of('echo again');
    await project.run(['local']);
    const record = { ...project.record('p-m'), state: 'running', process: dead };
    project.write('.toolbox/runs/p-m/record.json', JSON.stringify(record));
    const holder = { process: dead, host: hostname(), since: '2026-01-02T03:04:05.000Z', command: 'ktb local' };
    project.write('.toolbox/lock/7', JSON.stringify(holder));
    const { code, stdout, stderr } = await project.run(['local']);
    expect(code).toBe(0);
    expect(stdout).toBe('again\n');
    expect(stderr).toContain(
      `warning LOCAL_TAKEN_OVER: an earlier toolbox was killed while it ran trials: pid ${dead.pid} since 2026-01-02T03:04:05.000Z (ktb local)`,
    );
    expect(stderr).toMatch(/warning LOCAL_LOST: p-m, begun .*Z, has no known end/);
    const next = await project.run(['local']);
    expect(next.stderr).not.toContain('LOCAL_');
  });

  it('LOCAL_STILL_RUNNING: a trial that outlived it', async () => {
    const project = LocalProject.of('echo again');
    await project.run(['local']);
    // This test's own process stands for the trial.
    const stat = readFileSync(`/proc/${process.pid}/stat`, 'latin1');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const alive = { pid: process.pid, startTime: `${boot}/${ticks}` };
    const record = { ...project.record('p-m'), state: 'running', process: alive };
    project.write('.toolbox/runs/p-m/record.json', JSON.stringify(record));
    const holder = { process: dead, host: hostname(), since: 'then', command: 'ktb local' };
    project.write('.toolbox/lock/7', JSON.stringify(holder));
    const { code, stdout, stderr } = await project.run(['local']);
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain(`still runs (pid ${process.pid}) and is left alone`);
    expect(stderr).toContain(`hint: wait for it, or end it with: kill -TERM -- -${process.pid}`);
  });
});

describe('what keeps a trial from starting', () => {
  it('LOCAL_CANNOT_START: an environment that the system refuses', async () => {
    const project = LocalProject.of('true');
    project.write('.env', `BIG=${'x'.repeat(200_000)}\n`);
    const { code, stderr } = await project.run(['local']);
    expect(code).toBe(1);
    expect(stderr).toContain('error LOCAL_CANNOT_START: cannot start p-m: BIG has 200004 bytes');
    expect(stderr).toContain('hint: put it into a file');
    expect(project.record('p-m')).toMatchObject({ state: 'failed', attempt: 1 });
  });

  it('LOCAL_CANNOT_START: a command that the system refuses', async () => {
    const project = LocalProject.of(`true ${'x'.repeat(200_000)}`);
    const { code, stderr } = await project.run(['local']);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot start p-m: the command has 200006 bytes');
  });

  it('LOCAL_PYTHON_ENV: a uv project without its environment', async () => {
    const project = LocalProject.of('echo ran');
    project.write('uv.lock', '');
    const { code, stdout, stderr } = await project.run(['local']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ran\n' });
    expect(stderr).toContain('warning LOCAL_PYTHON_ENV: uv has not made the environment of this project yet');
    expect(stderr).toContain('hint: make it: uv sync');
  });
});

describe('names and selections that are nowhere', () => {
  it('LOCAL_NO_TRIAL: nothing is left by where= and only=', async () => {
    const project = new LocalProject({ 'config/launch.yaml': sweep });
    const { code, stderr } = await project.run(['local', 'only=succeeded']);
    expect(code).toBe(2);
    expect(stderr).toContain('error LOCAL_NO_TRIAL: no trial is left by where= and only=');
  });

  it('LOCAL_NO_RUN: a log that is not there', async () => {
    const project = new LocalProject({ 'config/launch.yaml': sweep });
    const { code, stderr } = await project.run(['logs', 'name=p-m']);
    expect(code).toBe(1);
    expect(stderr).toContain('error LOCAL_NO_RUN: nothing of the name "p-m" has run here');
  });

  it('LOCAL_UNREADABLE_RECORD: a record that is no JSON', async () => {
    const project = new LocalProject({ 'config/launch.yaml': sweep });
    project.write('.toolbox/runs/p-m-lr-one/record.json', '{');
    const { code, stderr } = await project.run(['status']);
    expect(code).toBe(0);
    expect(stderr).toContain('warning LOCAL_UNREADABLE_RECORD: .toolbox/runs/p-m-lr-one/record.json: not JSON');
  });
});

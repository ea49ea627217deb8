import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalProject } from '../setup/local-project.ts';

const sweep = `
project_name: p
prefix: ""
model:
  m: { command: 'echo <lr>; test ! -e fail-<lr>', hparam: { lr: [one, two, three] } }
`;

describe('run records', () => {
  it('resume=true runs what has not succeeded, and what has changed', async () => {
    const project = new LocalProject({ 'config/launch.yaml': sweep, 'fail-two': '' });
    expect((await project.run(['local'])).code).toBe(1);
    const plan = await project.run(['plan', 'resume=true']);
    expect(plan.stdout).toContain('p-m-lr-one  [succeeded] leave: it succeeded and has not changed');
    expect(plan.stdout).toContain('p-m-lr-two  [failed] run: it failed');
    expect(plan.stdout).toContain('3 trials: 2 succeeded, 1 failed; would run 1');
    rmSync(join(project.root, 'fail-two'));
    const resumed = await project.run(['local', 'resume=true']);
    expect(resumed).toMatchObject({ code: 0, stdout: 'two\n' });
    expect(resumed.stderr).toContain('2 skipped');
    expect(project.record('p-m-lr-two').attempt).toBe(2);

    const nothing = await project.run(['local', 'resume=true']);
    expect(nothing).toMatchObject({ code: 0, stdout: '' });

    project.write('config/launch.yaml', sweep.replace('echo <lr>', 'echo new <lr>'));
    expect((await project.run(['status'])).stdout).toContain('succeeded (changed: command)');
    expect((await project.run(['local', 'resume=true'])).stdout).toBe('new one\nnew two\nnew three\n');
  });

  it('selects with only= and where=', async () => {
    const project = new LocalProject({ 'config/launch.yaml': sweep, 'fail-two': '' });
    expect((await project.run(['local', 'where=lr=two'])).stdout).toBe('two\n');
    expect((await project.run(['local', 'only=missing'])).stdout).toBe('one\nthree\n');
    expect((await project.run(['local', 'only=failed'])).stdout).toBe('two\n');
    const none = await project.run(['local', 'only=missing']);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('LOCAL_NO_TRIAL');
    const typo = await project.run(['local', 'where=lt=two']);
    expect(typo.code).toBe(2);
    expect(typo.stderr).toContain('did you mean "lr"?');
  });

  it('keeps one log an attempt, the last ten, and prints them', async () => {
    const project = new LocalProject({
      'config/launch.yaml': sweep.replace('echo <lr>', 'echo $RANDOM <lr>'),
    });
    for (let attempt = 1; attempt <= 2; attempt++) await project.run(['local-first']);
    const folder = '.toolbox/runs/p-m-lr-one';
    const [first, second] = [1, 2].map((attempt) => project.read(`${folder}/attempt-${attempt}.log`));
    expect((await project.run(['logs', 'name=p-m-lr-one'])).stdout).toBe(second);
    expect((await project.run(['logs', 'name=*-one', 'attempt=1'])).stdout).toBe(first);
    expect((await project.run(['logs', 'name=p-m-lr-one', 'path=true'])).stdout).toBe(
      `${folder}/attempt-2.log\n`,
    );
    const json = (await project.run(['logs', 'name=*-one', 'json=true'])).stdout;
    expect(JSON.parse(json)).toEqual({ type: 'trial-output', name: 'p-m-lr-one', text: second });
    expect(JSON.parse((await project.run(['logs', 'name=*-one', 'json=true', 'path=true'])).stdout)).toEqual({
      type: 'log',
      name: 'p-m-lr-one',
      path: `${folder}/attempt-2.log`,
    });
    for (let attempt = 3; attempt <= 11; attempt++)
      writeFileSync(join(project.root, folder, `attempt-${attempt}.log`), '');
    await project.run(['local-first']);
    expect(readdirSync(join(project.root, folder)).length).toBe(1 + 10);
    expect(existsSync(join(project.root, folder, 'attempt-1.log'))).toBe(false);
  });

  it('LOCAL_NO_RUN: a name that never ran, an attempt whose log is gone', async () => {
    const project = new LocalProject({ 'config/launch.yaml': sweep });
    const nothing = await project.run(['logs', 'name=p-m-lr-one']);
    expect(nothing.code).toBe(1);
    expect(nothing.stderr).toContain('nothing has run here yet');
    await project.run(['local-first']);
    expect((await project.run(['logs', 'name=p-m-lr-on'])).stderr).toContain('did you mean "p-m-lr-one"?');
    expect((await project.run(['logs', 'name=p-m-lr-one', 'attempt=7'])).stderr).toContain('attempt=1');
  });

  it('shows models by datasets in status, or a list', async () => {
    const project = new LocalProject({
      'config/launch.yaml': `
project_name: p
prefix: ""
model: { good: { command: 'true' }, bad: { command: 'false' } }
dataset: { a: {}, b: {} }
`,
    });
    await project.run(['local', 'where=dataset=a']);
    const { stdout } = await project.run(['status']);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      '      a          b',
      'good  succeeded  missing',
      'bad   failed     missing',
    ]);
    const lines = (await project.run(['status', 'json=true'])).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatchObject({ model: 'bad', dataset: 'a', state: 'failed', exitCode: 1 });
    const list = new LocalProject({ 'config/launch.yaml': sweep });
    expect((await list.run(['status'])).stdout).toMatch(/^NAME +STATE +SINCE +EXIT\np-m-lr-one +missing/);
  });

  it('a damaged record counts as missing, with a warning, and no log is overwritten', async () => {
    const project = new LocalProject({ 'config/launch.yaml': sweep });
    await project.run(['local']);
    project.write('.toolbox/runs/p-m-lr-one/record.json', '{"version": 1, "name"');
    const status = await project.run(['status']);
    expect(status.code).toBe(0);
    expect(status.stderr).toContain(
      'LOCAL_UNREADABLE_RECORD: .toolbox/runs/p-m-lr-one/record.json: not JSON',
    );
    const logs = await project.run(['logs', 'name=p-m-lr-one']);
    expect(logs.stdout).toBe('one\n');
    expect(logs.stderr).toContain('LOCAL_UNREADABLE_RECORD');
    expect((await project.run(['local', 'resume=true'])).stdout).toBe('one\n');
    expect(project.record('p-m-lr-one').attempt).toBe(2);
    expect(project.read('.toolbox/runs/p-m-lr-one/attempt-1.log')).toBe('one\n');
  });
});

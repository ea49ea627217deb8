import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireProjectLock } from '../../src/records/project-lock.ts';
import { runMain } from '../setup/run-main.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'doctor-')));
  await mkdir(path.join(folder, 'config'));
  await writeFile(
    path.join(folder, 'config/launch.yaml'),
    'project_name: p\nmodel: {a: {command: "true"}}\n',
  );
});
afterEach(() => rm(folder, { recursive: true }));

const git = (...words: string[]) => execFileSync('git', ['-C', folder, ...words], { stdio: 'ignore' });
const doctor = (env: Record<string, string | undefined> = {}, ...flags: string[]) =>
  runMain(folder, ['doctor', ...flags], { env: { PATH: process.env['PATH'], HOME: folder, ...env } });

/** A PATH with only these programs, each a link to the machine's own. */
async function onlyPrograms(...names: string[]): Promise<string> {
  const bin = path.join(folder, 'bin');
  await mkdir(bin);
  for (const name of names) {
    const found = execFileSync('bash', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    await symlink(await realpath(found), path.join(bin, name));
  }
  return bin;
}

describe('doctor', () => {
  it('finds a sound project sound', async () => {
    git('init', '-q');
    await writeFile(path.join(folder, '.gitignore'), '.env\n');
    await writeFile(path.join(folder, '.env'), 'A=1\n', { mode: 0o600 });
    const { code, stdout, stderr } = await doctor();
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Machine\n {2}ok {7}Node \d/);
    expect(stdout).toContain(
      '\n\nProject\n  ok       config/launch.yaml: 1 trial\n  ok       .env is private\n',
    );
    expect(stdout).not.toMatch(/problem|warning/);
  });

  it('prints every error of the configuration, and exits 2', async () => {
    await writeFile(path.join(folder, 'config/launch.yaml'), 'model: {a: {command: "true", gpu_cont: 1}}\n');
    const { code, stdout, stderr } = await doctor();
    expect(code).toBe(2);
    expect(stdout).toContain(
      'problem  the configuration has 1 error\n           mend: correct what is shown below\n',
    );
    expect(stderr).toContain('config/launch.yaml:1:30 error CONFIG_UNKNOWN_KEY');
  });

  it('checks commands too, as the plan would', async () => {
    await writeFile(path.join(folder, 'config/launch.yaml'), 'model: {a: {command: "echo <lr>"}}\n');
    const { code, stderr } = await doctor();
    expect(code).toBe(2);
    expect(stderr).toContain('<lr>');
  });

  it('misses bash, git and Python where they are not on PATH', async () => {
    const { code, stdout } = await doctor({ PATH: await onlyPrograms('env') });
    expect(code).toBe(3);
    expect(stdout).toContain(
      'problem  bash is not on PATH; trials run in it\n           mend: apt-get install bash\n',
    );
    expect(stdout).toContain('warning  git is not on PATH');
    expect(stdout).toContain('warning  no python3 and no python on PATH');
  });

  it('names the Python environment that trials get', async () => {
    await mkdir(path.join(folder, '.venv/bin'), { recursive: true });
    await writeFile(path.join(folder, '.venv/bin/python'), '#!/bin/sh\necho Python 9.9\n', { mode: 0o755 });
    await symlink('python', path.join(folder, '.venv/bin/python3'));
    expect((await doctor()).stdout).toContain('ok       Python 9.9 as python3 (.venv)\n');
  });

  it('takes python_env: none for an answer', async () => {
    const text = 'user: u\nnamespace: n\nproject_name: p\npython_env: none\n';
    await writeFile(path.join(folder, 'config/kube.yaml'), text);
    expect((await doctor()).stdout).toContain('ok       python_env: none');
  });

  it('warns of a .env that others may read or that git does not ignore', async () => {
    git('init', '-q');
    await writeFile(path.join(folder, '.env'), 'A=1\n');
    await chmod(path.join(folder, '.env'), 0o644);
    const { code, stdout } = await doctor();
    expect(code).toBe(0);
    expect(stdout).toContain('(mode 644)\n           mend: chmod 600 .env\n');
    expect(stdout).toContain(
      'warning  .env is not ignored by git\n           mend: echo .env >> .gitignore\n',
    );
  });

  it('calls a committed .env a problem', async () => {
    git('init', '-q');
    await writeFile(path.join(folder, '.env'), 'A=1\n');
    git('add', '-f', '.env');
    const { code, stdout } = await doctor();
    expect(code).toBe(3);
    expect(stdout).toContain('problem  .env is committed to git, with its secrets\n');
  });

  it('sees that .toolbox is in the way', async () => {
    await writeFile(path.join(folder, '.toolbox'), '');
    const { code, stdout } = await doctor();
    expect(code).toBe(3);
    expect(stdout).toContain('problem  .toolbox is not a folder');
  });

  it('says who holds the lock, and takes nothing', async () => {
    {
      using _lock = acquireProjectLock(folder, { command: 'ktb local jobs=4', now: 0 });
      const { stdout } = await doctor();
      expect(stdout).toContain(`warning  another toolbox runs trials here: pid ${process.pid} on `);
      expect(stdout).toContain('(ktb local jobs=4)\n           mend: wait for it');
    }
    expect((await doctor()).stdout).toContain('ok       no other toolbox runs trials here');
  });

  it('prints JSON lines on request', async () => {
    const { stdout } = await doctor({}, 'json=true');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines.find(({ name }) => name === 'configuration')).toEqual({
      type: 'check',
      topic: 'Project',
      name: 'configuration',
      state: 'ok',
      message: 'config/launch.yaml: 1 trial',
    });
    expect(lines.every(({ type }) => type === 'check')).toBe(true);
  });
});

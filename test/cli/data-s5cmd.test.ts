import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runMain } from '../setup/run-main.ts';
import { startProject } from './data-project.ts';

const fake = new URL('../fakes/s5cmd.ts', import.meta.url).pathname;

async function startWithS5cmd(installed = true) {
  const project = await startProject();
  const { cwd, write, path } = project;
  write('config/launch.yaml', 's3_backend: s5cmd\nmodel: {m: {command: echo}}\n');
  write('bin/.keep', '');
  if (installed) {
    write('bin/s5cmd', `#!/bin/sh\nexec '${process.execPath}' '${fake}' "$@"\n`);
    chmodSync(path('bin/s5cmd'), 0o755);
  }
  const names = ['data/a', "data/it's", 'data/new\nline', 'data/*star', 'data/spoilt', 'data/dropped'];
  for (const name of names) write(name, `content of ${name}`);
  const env = {
    PATH: `${path('bin')}:/usr/bin:/bin`,
    FAKE_S5CMD_LOG: path('log'),
    FAKE_S5CMD_SPOILS: 'spoilt',
    FAKE_S5CMD_DROPS: 'dropped',
  };
  const run = (...argv: string[]) => runMain(cwd, argv, { env });
  return { ...project, run, names };
}

it('s3_backend: s5cmd moves by s5cmd, and mends what it gets wrong', async () => {
  const { run, names, server, path } = await startWithS5cmd();
  const up = await run('upload', 'file=data/');
  expect([up.code, up.stdout.split('\n').length]).toEqual([0, names.length + 1]);
  for (const name of names)
    expect(server.bucket.objects.get(name)?.body.toString()).toBe(`content of ${name}`);
  expect((await run('upload', 'file=data/')).stderr).toBe('Nothing uploaded; 6 already there\n');

  rmSync(path('data'), { recursive: true });
  const down = await run('download', 'file=data/');
  expect([down.code, down.stdout.split('\n').length]).toEqual([0, names.length + 1]);
  for (const name of names) expect(readFileSync(path(name), 'utf8')).toBe(`content of ${name}`);
  expect(readdirSync(path('data')).length).toBe(names.length);

  const log = readFileSync(path('log'), 'utf8');
  expect(
    log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).lines.length),
  ).toEqual([5, 5]);
  expect(log).not.toMatch(/FAKEKEY|fake\/secret/);
});

it('s3_backend: s5cmd goes without it where it is not installed, and says so', async () => {
  const { run, server, names, path } = await startWithS5cmd(false);
  const { code, stderr } = await run('upload', 'file=data/');
  expect(code).toBe(0);
  expect(stderr).toMatch(/^s3_backend is s5cmd, which is not installed/);
  expect([server.bucket.objects.size, existsSync(path('log'))]).toEqual([names.length, false]);
});

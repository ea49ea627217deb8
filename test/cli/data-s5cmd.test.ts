import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { runMain } from '../setup/run-main.ts';
import { startProject } from './data-project.ts';

const fake = new URL('../fakes/s5cmd.ts', import.meta.url).pathname;

async function startWithS5cmd(installed = true, change: Record<string, string> = {}) {
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
  const run = (...argv: string[]) => runMain(cwd, argv, { env: { ...env, ...change } });
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

it('s5cmd signs with what a profile gives, too', async () => {
  const { run, server, names, path, write } = await startWithS5cmd(true, {
    FAKE_S5CMD_SPOILS: '',
    FAKE_S5CMD_DROPS: '',
  });
  write('.env', `S3_ENDPOINT_URL=${server.url}\nS3_BUCKET_NAME=example\nAWS_PROFILE=lab\n`);
  write('credentials', '[lab]\naws_access_key_id = FAKEKEY\naws_secret_access_key = fake/secret+key\n');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', path('credentials'));
  expect((await run('upload', 'file=data/')).code).toBe(0);
  vi.unstubAllEnvs();
  expect(readFileSync(path('log'), 'utf8')).not.toMatch(/no-sign-request|fake\/secret/);
  // Once each: nothing was left for us to do again.
  expect(server.count('PUT')).toBe(names.length);
});

it('s5cmd that cannot do its work is told of, and what it has not done is done', async () => {
  const { run, path, write, names, server } = await startWithS5cmd();
  write('bin/s5cmd', '#!/bin/sh\n[ "$1" = version ] && exit\necho "ERROR no such thing" >&2\nexit 1\n');
  const { code, stderr } = await run('upload', 'file=data/');
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/^s5cmd did not do all, .*: ERROR no such thing\n/),
  ]);
  expect(server.bucket.objects.size).toBe(names.length);
  // A file where a folder must be is that file's trouble alone.
  rmSync(path('data/a'));
  server.bucket.put('data/b/c', 'x');
  write('data/b', 'a file');
  expect((await run('download', 'file=data/')).stderr).toMatch(/Downloaded 1 file/);
});

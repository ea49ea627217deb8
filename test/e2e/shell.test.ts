import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const bin = path.resolve('dist/bin.js');
let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'shell-'));
  await mkdir(path.join(root, 'config'));
  await writeFile(
    path.join(root, 'config/launch.yaml'),
    'project_name: shelly\nenv: {COLOUR: blue}\nmodel: {a: {command: python3 a.py <lr>, hparam: {lr: [1, 2]}}}\n',
  );
  await writeFile(path.join(root, '.env'), 'TOKEN=from-env-file\n');
  await writeFile(path.join(root, 'Makefile'), 'hello:\n\t@echo made $(word) > made.txt\n');
});

async function shell(args: readonly string[], input: string) {
  const child = spawn(process.execPath, [bin, 'shell', ...args], {
    cwd: root,
    env: { ...process.env, SHELL: '/bin/bash' },
  });
  child.stdin.end(input);
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { stdout, code: code as number };
}

describe('shell', () => {
  test('has the environment of a trial', async () => {
    const script = 'echo "$TOKEN $COLOUR $TOOLBOX_NAME $TOOLBOX_HPARAM $PYTHONPATH"\n';
    const { stdout, code } = await shell(['--where=lr=2'], script);
    expect(stdout.trim()).toBe(`from-env-file blue shelly-a-lr-2 {"lr":"2"} ${root}/src`);
    expect(code).toBe(0);
  });

  test('fails as the shell does, and without a trial of that kind', async () => {
    expect((await shell([], 'exit 3\n')).code).toBe(1);
    expect((await shell(['--where=lr=1 model=zzz'], 'true\n')).code).toBe(2);
  });
});

describe('debug', () => {
  test('writes entries without secrets', async () => {
    execFileSync(process.execPath, [bin, 'debug'], { cwd: root, stdio: 'pipe' });
    const written = await readFile(path.join(root, '.vscode/launch.json'), 'utf8');
    expect(JSON.parse(written)).toMatchObject({
      configurations: [
        {
          name: 'toolbox: shelly-a-lr-1',
          program: '${workspaceFolder}/a.py',
          args: ['1'],
          env: { COLOUR: 'blue' },
        },
        { name: 'toolbox: shelly-a-lr-2', args: ['2'] },
      ],
    });
    expect(written).not.toContain('from-env-file');
  });
});

describe('tmux', () => {
  // A server of its own, so that a developer's sessions are not met.
  const env = () => ({ ...process.env, TMUX_TMPDIR: root, TMUX: '' });
  const tmux = (...args: string[]) =>
    promisify(execFile)(process.execPath, [bin, 'tmux', ...args], { cwd: root, env: env() });

  afterAll(() => {
    execFileSync('tmux', ['kill-server'], { env: env(), stdio: 'ignore' });
  });

  test('runs a target with its values, detached, and refuses a second one', async () => {
    const { stdout } = await tmux("--target=hello word='two words'");
    expect(stdout).toBe('shelly-hello\n');
    await expect
      .poll(() => readFile(path.join(root, 'made.txt'), 'utf8').catch(() => ''), { timeout: 20_000 })
      .toBe('made two words\n');
    await expect(tmux('--target=hello')).rejects.toThrow(/is there already/);
  });
});

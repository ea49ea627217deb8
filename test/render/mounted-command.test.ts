import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { podLayout } from '../../src/container/pod-layout.ts';
import { commandFolder, runMountedCommand } from '../../src/render/pod-view.ts';
import { packFiles, splitText } from '../../src/render/project-files.ts';
import { projectFolder } from '../setup/project-folder.ts';
import { unwrap } from './fixture.ts';

const run = path.resolve('container/run.sh');

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the main container of a pod does, without the container: `signalAt` is a text to wait for on stdout. */
async function runCommand(
  root: string,
  options: { readonly env?: Readonly<Record<string, string>>; readonly signalAt?: string } = {},
): Promise<Ended> {
  mkdirSync(path.join(root, 'work'), { recursive: true });
  const command = runMountedCommand
    .replace(commandFolder, path.join(root, 'trial'))
    .replace(podLayout.scripts, path.dirname(run));
  const child = spawn('bash', [run, command], {
    cwd: path.join(root, 'work'),
    env: {
      PATH: process.env['PATH'],
      HOME: root,
      TOOLBOX_WORK: path.join(root, 'work'),
      TOOLBOX_PROJECT: 'example',
      TOOLBOX_CODE: 'image',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let sent = false;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (!sent && options.signalAt !== undefined && stdout.includes(options.signalAt))
      sent = child.kill('SIGTERM');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

test.each([
  ['exit 7', 7, ''],
  ['printf "%s|" "a  b" \'$x\' "`echo c`"\n\nfalse; echo $?', 0, 'a  b|$x|c|1\n'],
  ['f() { return 3; }\nf', 3, ''],
  ['echo $# "$0"', 0, '0 bash\n'],
  ['if true; then\n', 2, ''],
])('the command %o ends with %i', async (command, code, output) => {
  using folder = projectFolder({ 'trial/command.sh': command });
  const ended = await runCommand(folder.root);
  expect(ended).toMatchObject({ code, stdout: output });
});

test('a program that ends well on SIGTERM is waited for, and its exit code is the command’s', async () => {
  const program = "trap 'sleep 0.3; echo saved; exit 5' TERM\necho ready\nwhile :; do sleep 0.05; done\n";
  using folder = projectFolder({
    'trial/command.sh': 'bash ../program.sh\necho not reached',
    'program.sh': program,
  });
  const ended = await runCommand(folder.root, { signalAt: 'ready' });
  expect(ended).toMatchObject({ code: 5, stdout: 'ready\nsaved\n' });
});

test('a program that ends with 0 on SIGTERM has ended well', async () => {
  const program = "trap 'exit 0' TERM\necho ready\nwhile :; do sleep 0.05; done\n";
  using folder = projectFolder({ 'trial/command.sh': 'bash ../program.sh', 'program.sh': program });
  const ended = await runCommand(folder.root, { signalAt: 'ready' });
  expect(ended).toMatchObject({ code: 0, stdout: 'ready\n' });
});

test('SIGTERM between two programs has not ended well', async () => {
  // The shell itself is busy: no program of its that could be told.
  using folder = projectFolder({
    'trial/command.sh': 'echo ready\nfor ((i = 0; i < 1000000000; i++)); do :; done',
  });
  const ended = await runCommand(folder.root, { signalAt: 'ready' });
  expect(ended).toMatchObject({ signal: 'SIGTERM', stdout: 'ready\n' });
});

test('a command that has a trap of its own', async () => {
  using folder = projectFolder({
    'trial/command.sh': "trap 'echo mine; exit 9' TERM\necho ready\nsleep 60 & wait",
  });
  const ended = await runCommand(folder.root, { signalAt: 'ready' });
  expect(ended).toMatchObject({ code: 9, stdout: 'ready\nmine\n' });
});

test('a program that SIGTERM kills', async () => {
  using folder = projectFolder({ 'trial/command.sh': 'sh -c "echo ready; exec sleep 60"\necho not reached' });
  const ended = await runCommand(folder.root, { signalAt: 'ready' });
  expect(ended).toMatchObject({ code: null, signal: 'SIGTERM', stdout: 'ready\n' });
});

test('a command in pieces runs as one', async () => {
  const command = `echo begin $# "$0"; echo '${'é😀"\n'.repeat(60_000)}' | sha256sum\nexit 3\n`;
  const pieces = splitText(command);
  expect(pieces.length).toBeGreaterThan(3);
  expect(pieces.join('')).toBe(command);
  for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
  const parts = pieces.map((piece, index) => [
    `trial/command.sh.part-${String(index).padStart(3, '0')}`,
    piece,
  ]);
  using folder = projectFolder(Object.fromEntries(parts));
  const { code, stdout } = await runCommand(folder.root);
  const digest = createHash('sha256')
    .update(`${'é😀"\n'.repeat(60_000)}\n`)
    .digest('hex');
  expect({ code, stdout }).toEqual({ code: 3, stdout: `begin 0 bash\n${digest}  -\n` });
});

test('a startup script that fails ends the job with a line that says so', async () => {
  using folder = projectFolder({ 'trial/command.sh': 'echo not reached' });
  const ended = await runCommand(folder.root, { env: { TOOLBOX_STARTUP_SCRIPT: 'echo starting\nfalse\n' } });
  expect(ended.code).toBe(1);
  expect(ended.stdout).toBe('starting\n');
  expect(ended.stderr.trim().split('\n').at(-1)).toMatch(
    /^kube-toolbox: startup step "startup_script" failed with exit code 1 /,
  );
});

test('files arrive at their paths, large ones whole', async () => {
  const big = randomBytes(2.5 * 1024 * 1024);
  const files = [
    { path: 'config/launch.yaml', bytes: Buffer.from('model: x\n'), executable: false },
    { path: 'weights/big one.bin', bytes: big, executable: false },
  ];
  const { objects, split } = unwrap(packFiles(files, () => false));
  expect(
    objects.every((each) => each.parts.reduce((sum, part) => sum + part.bytes.length, 0) <= 1024 * 1024),
  ).toBe(true);
  const mounted = objects.flatMap((each) =>
    each.parts.map((part): [string, Uint8Array] => [`files/${part.path}`, part.bytes]),
  );
  using folder = projectFolder({
    ...Object.fromEntries(mounted),
    'trial/command.sh': "sha256sum <'weights/big one.bin'; ls weights; cat config/launch.yaml",
  });
  const { code, stdout } = await runCommand(folder.root, {
    env: { TOOLBOX_FILES: path.join(folder.root, 'files'), TOOLBOX_SPLIT_FILES: split.join('\n') },
  });
  expect(code).toBe(0);
  expect(stdout).toBe(`${createHash('sha256').update(big).digest('hex')}  -\nbig one.bin\nmodel: x\n`);
});

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobSpec } from '../../src/matrix/job-spec.ts';
import { packTrials as pack, readPack } from '../../src/matrix/pack.ts';
import { packCommand as commandOf } from '../../src/matrix/pack-command.ts';
import { specWith } from '../render/fixture.ts';

const trial = (name: string, command: string, fields: Parameters<typeof specWith>[0] = {}): JobSpec =>
  specWith({ pack: 3, ...fields }, { name, command, fingerprint: { hash: name.padEnd(64, '0'), parts: {} } });

const envOf = ({ env }: JobSpec) => env;
const packTrials = (specs: readonly JobSpec[]) => pack(specs, envOf);
const packCommand = (specs: readonly JobSpec[]) => commandOf(specs, envOf);

describe('packTrials', () => {
  test.each(['null', '1', '[null]', '{"name": "x"}', 'x'])('is none where the annotation is %s', (text) => {
    expect(readPack({ 'kube-toolbox/pack': text })).toBeUndefined();
  });

  test('puts trials of the same fields together, up to the number asked for', () => {
    const packs = packTrials(['a', 'b', 'c', 'd'].map((name) => trial(name, 'true', { gpu_count: 1 })));
    expect(packs.map(({ fields }) => readPack(fields.annotations)?.map(({ name }) => name))).toEqual([
      ['a', 'b', 'c'],
      undefined,
    ]);
    expect(packs.map(({ name }) => name)).toEqual([expect.stringMatching(/^a-pack-[0-9a-f]{8}$/), 'd']);
  });

  test('asks for the cores, memory and disk of all, and the GPUs of one', () => {
    const [pack] = packTrials([
      trial('a', 'true', {
        gpu_count: 1,
        cpu_count: 2,
        memory: 8,
        ephemeral_storage: 10,
        outputs: ['out/a'],
      }),
      trial('b', 'true', {
        gpu_count: 1,
        cpu_count: 2,
        memory: 8,
        ephemeral_storage: 10,
        outputs: ['out/b'],
      }),
    ]);
    expect(pack?.fields).toMatchObject({
      gpu_count: 1,
      cpu_count: 4,
      memory: 16,
      ephemeral_storage: 20,
      outputs: ['out/a', 'out/b'],
    });
  });

  test('keeps apart what asks for other resources, and leaves single what has workers', () => {
    const specs = [
      trial('a', 'true', { memory: 8 }),
      trial('b', 'true', { memory: 16 }),
      trial('c', 'true', { workers: 1 }),
    ];
    expect(packTrials(specs)).toEqual(specs);
  });

  test('gives the same trials the same name, and others another', () => {
    const pair = (second: string) => packTrials([trial('a', 'true'), trial(second, 'true')])[0]?.name;
    expect(pair('b')).toBe(pair('b'));
    expect(pair('b')).not.toBe(pair('c'));
    const long = 'x'.repeat(63);
    expect(packTrials([trial(long, 'true'), trial('b', 'true')])[0]?.name).toHaveLength(63);
  });
});

describe('the command of a pack, in bash', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pack-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const words = () => readFileSync(join(folder, 'last'), 'utf8');
  const env = () => ({ PATH: process.env['PATH'], TOOLBOX_LAST_WORDS: join(folder, 'last') });

  test('each has its own lines, variables and exit code; one failure fails the whole', () => {
    const text = packCommand([
      trial('a', 'echo "$TOOLBOX_NAME it\'s"; echo to-stderr >&2; printf no-end'),
      trial('b', 'exit 3'),
      trial('c', 'kill -9 $$'),
    ]);
    const ran = spawnSync('bash', ['-c', text], { env: env(), encoding: 'utf8', cwd: folder });
    expect(ran.status).toBe(1);
    expect(words()).toBe('[0,3,137]');
    const lines = ran.stdout.split('\n');
    expect(lines.filter((line) => line.startsWith('[a] '))).toEqual([
      "[a] a it's",
      '[a] to-stderr',
      '[a] no-end',
      '[a] kube-toolbox: ended with exit code 0',
    ]);
    expect(lines).toContain('[b] kube-toolbox: ended with exit code 3');
  });

  test('runs them at the same time: each waits for the other', () => {
    const meet = (mine: string, other: string) =>
      `mkfifo ${mine} 2>/dev/null; touch ${mine}.here; until [ -e ${other}.here ]; do sleep 0.02; done`;
    const text = packCommand([trial('a', meet('a', 'b')), trial('b', meet('b', 'a'))]);
    expect(spawnSync('bash', ['-c', text], { env: env(), cwd: folder }).status).toBe(0);
    expect(words()).toBe('[0,0]');
  });

  test('what a trial leaves running holds up neither it nor the pack', () => {
    const text = packCommand([trial('a', 'sleep 20 & echo done'), trial('b', 'true')]);
    const ran = spawnSync('timeout', ['30', 'bash', '-c', text], {
      env: env(),
      encoding: 'utf8',
      cwd: folder,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    });
    expect(words()).toBe('[0,0]');
    expect(ran.stdout).toMatch(/^\[a\] done\n[\s\S]*^\[a\] kube-toolbox: ended with exit code 0\n/m);
  });

  test('tells each end as it comes, so that a killed container has said it', async () => {
    const text = packCommand([trial('a', 'echo one'), trial('b', 'exec sleep 60'), trial('c', 'exit 3')]);
    const child = spawn('bash', ['-c', text], { env: env(), cwd: folder, detached: true });
    let out = '';
    const ended = new Promise((done) => child.once('close', done));
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes('[kube-toolbox/pack] [0,null,3]\n')) process.kill(-(child.pid ?? 0), 'SIGKILL');
    });
    await ended;
    expect(words()).toBe('[0,null,3]');
  });

  test('functions of the startup script are there, and a trial that is killed with its shell has an end', () => {
    const text = packCommand([trial('a', 'greet you'), trial('b', 'kill -9 $PPID $$')]);
    const setup = 'greet() { echo "hello $1"; }; export -f greet\n';
    const ran = spawnSync('bash', ['-c', setup + text], { env: env(), encoding: 'utf8', cwd: folder });
    expect(ran.stdout).toContain('[a] hello you\n');
    expect(words()).toBe('[0,137]');
  });

  test('after a SIGTERM to the group, waits for what they do about it', async () => {
    const polite = 'trap "echo saved; exit 5" TERM; echo ready; while :; do sleep 0.02; done';
    const text = packCommand([trial('a', polite), trial('b', polite)]);
    const child = spawn('bash', ['-c', text], { env: env(), cwd: folder, detached: true });
    let out = '';
    const ended = new Promise((done) => child.once('close', done));
    child.stdout.on('data', (chunk: Buffer) => {
      const wasReady = out.split('ready').length > 2;
      out += chunk.toString();
      if (!wasReady && out.split('ready').length > 2) process.kill(-(child.pid ?? 0), 'SIGTERM');
    });
    expect(await ended).toBe(1);
    expect(words()).toBe('[5,5]');
    expect(out).toContain('[a] saved');
    expect(out).toContain('[b] saved');
  });
});

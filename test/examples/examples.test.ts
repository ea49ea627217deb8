import { cp, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf } from '../docs/markdown.ts';
import { run } from '../make/stand-in.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const examples = (await readdir(path.join(repository, 'examples'), { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** A copy of an example with nothing of earlier runs, whose Makefile finds this toolbox. */
async function copyOf(example: string): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), `${example}-`)));
  await cp(path.join(repository, 'examples', example), folder, {
    recursive: true,
    filter: (file) => !/\/(\.env|\.toolbox|build|outputs|__pycache__)$/.test(file),
  });
  const makefile = await readFile(path.join(folder, 'Makefile'), 'utf8');
  await writeFile(path.join(folder, 'Makefile'), makefile.replace('../..', repository));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const shell = (folder: string, script: string) => run(folder, 'bash', ['-euo', 'pipefail', '-c', script]);

describe.each(examples)('example %s', (example) => {
  it('does what its README says, as typed', async () => {
    await using copy = await copyOf(example);
    const readme = await readFile(path.join(copy.folder, 'README.md'), 'utf8');
    const scripts = blocksOf(readme).filter(({ language }) => language === 'bash');
    expect(scripts.length).toBeGreaterThan(0);
    for (const { text } of scripts) {
      const { code, stdout, stderr } = await shell(copy.folder, text);
      expect(code, `${text}\n${stdout}${stderr}`).toBe(0);
    }
  });

  it('has both config files, each naming its schema', async () => {
    for (const name of ['launch', 'kube']) {
      const file = path.join(repository, 'examples', example, 'config', `${name}.yaml`);
      const text = await readFile(file, 'utf8');
      expect(text).toMatch(`# yaml-language-server: $schema=../../../schemas/${name}.schema.json\n`);
    }
  });

  it('is in the list of examples', async () => {
    const list = await readFile(path.join(repository, 'examples/README.md'), 'utf8');
    expect(list).toContain(`(${example}/README.md)`);
  });
});

describe('what the examples print', () => {
  it.each([
    ['quickstart', '2.0\n2.0\n5.0\n5.0\n'],
    [
      'named-groups',
      'rate=1e-3 steps=2000 momentum=0.0 loss=0.104579\nrate=0.0001 steps=20000 momentum=0.0 loss=0.105329\nrate=2e-4 steps=5000 momentum=0.9 loss=0.000061\n',
    ],
    [
      'resource-sweep',
      '2262 primes below 20000, counted by 1 processes\n2262 primes below 20000, counted by 2 processes\n2262 primes below 20000, counted by 4 processes\n5133 primes below 50000, counted by 2 processes\n5133 primes below 50000, counted by 4 processes\n',
    ],
  ])('%s', async (example, expected) => {
    await using copy = await copyOf(example);
    expect((await shell(copy.folder, 'make -s local')).stdout).toBe(expected);
  });

  it('hyperparameter-lists: six of nine, the last list varying fastest', async () => {
    await using copy = await copyOf('hyperparameter-lists');
    const { stdout } = await shell(copy.folder, 'make -s local');
    expect(
      [...stdout.matchAll(/^samples=(\d+) seed=(\d)/gm)].map(([, samples, seed]) => `${samples}/${seed}`),
    ).toEqual(['100/1', '100/2', '100/3', '1000/1', '1000/2', '1000/3']);
  });

  it('environment-and-secrets: the secret arrives, and stays out of records and logs', async () => {
    await using copy = await copyOf('environment-and-secrets');
    const { stdout } = await shell(copy.folder, 'cp .env.example .env; make -s local');
    expect(stdout).toContain('greeting: hello\nlog level: info\ntoken: 8e0b9849\n');
    expect(stdout).toContain('greeting: hello from debug on en\nlog level: debug\ntoken: 8e0b9849\n');
    expect((await run(copy.folder, 'grep', ['-rl', 'not a real', '.toolbox'])).stdout).toBe('');
  });

  it('training-sweep: 24 metrics files, each with its trial, and it learns', async () => {
    await using copy = await copyOf('training-sweep');
    const { stdout } = await shell(copy.folder, 'make -s local jobs=2 >/dev/null 2>&1; make -s best');
    const ranked = stdout.trimEnd().split('\n');
    expect(ranked).toHaveLength(24);
    expect(ranked[0]).toMatch(/^1\.00 /);
    const outputs = await readdir(path.join(copy.folder, 'outputs'));
    expect(outputs).toHaveLength(24);
    for (const name of outputs) {
      const file = path.join(copy.folder, 'outputs', name, 'metrics.json');
      const metrics = JSON.parse(await readFile(file, 'utf8')) as { name: string; hparam: { lr: string } };
      expect(metrics.name).toBe(name);
      expect(metrics.hparam).toHaveProperty('lr');
    }
  });

  it('training-sweep: its data sets are what its script writes', async () => {
    await using copy = await copyOf('training-sweep');
    const before = await readFile(path.join(copy.folder, 'data/moons.csv'), 'utf8');
    await shell(copy.folder, 'rm data/*.csv; python3 src/make_data.py');
    expect(await readFile(path.join(copy.folder, 'data/moons.csv'), 'utf8')).toBe(before);
  });
});

describe("the root's own pair", () => {
  it('prints 2.0, 2.0, 5.0, 5.0', async () => {
    const { stdout, code } = await run(repository, 'make', ['-s', 'local-dryrun']);
    expect(code).toBe(0);
    const commands = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^[^:]*: /, ''));
    const { stdout: printed } = await shell(repository, commands.join('\n'));
    expect(printed).toBe('2.0\n2.0\n5.0\n5.0\n');
  });
});

describe('multi-node: the processes of one trial', () => {
  it('meet by the variables that their pods have, and agree', async () => {
    await using copy = await copyOf('multi-node');
    const { stdout: manifests } = await shell(copy.folder, 'make -s dryrun >&2; cat build/*-mean-*.yaml');
    expect(manifests).toContain('completionMode: Indexed');
    const worldSize = Number(/name: "WORLD_SIZE"\s+value: "(\d+)"/.exec(manifests)?.[1]);
    expect(worldSize).toBe(3);
    const port = await freePort();
    const ranks = await Promise.all(
      // The first to listen is started last: the others must wait for it.
      [2, 1, 0].map((rank) =>
        shell(
          copy.folder,
          `MASTER_ADDR=127.0.0.1 MASTER_PORT=${port} WORLD_SIZE=${worldSize} RANK=${rank} python3 src/mean.py 1000`,
        ),
      ),
    );
    expect(ranks.map(({ code }) => code)).toEqual([0, 0, 0]);
    const told = ranks.map(({ stdout }) => stdout.trim().split('\n').at(-1) ?? '');
    const agreed = /the mean of 3000 numbers is [\d.]+$/.exec(told[0] ?? '')?.[0];
    expect(agreed).toBeDefined();
    expect(told).toEqual([2, 1, 0].map((rank) => `rank ${rank} of 3: ${agreed}`));
  });
});

/** A port that nobody listens on just now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

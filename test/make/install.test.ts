import { readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { installStandIn, run, temporaryFolder, writeProgram } from './stand-in.ts';

// A clone whose npm is a stand-in: it notes each call, takes a while, and "builds" what a build would leave.
async function cloneWithNpm(folder: string, nodeVersion = 'v20.20.2'): Promise<Record<string, string>> {
  await installStandIn(folder);
  await rm(path.join(folder, 'dist'), { recursive: true });
  for (const [file, text] of Object.entries({
    'package.json': '{}',
    'package-lock.json': '{"packages":{}}',
  })) {
    await writeFile(path.join(folder, file), text);
  }
  await run(folder, 'mkdir', ['-p', 'src', 'schemas', 'templates', 'scripts']);
  await writeFile(path.join(folder, 'src/bin.ts'), 'export {};\n');
  await writeProgram(
    folder,
    'node',
    `if [ "$1" = --version ]; then echo ${nodeVersion}; else echo "system $*"; fi\n`,
  );
  await writeProgram(
    folder,
    'npm',
    `case $1 in
  --version) echo 11.19.1 ;;
  ci)
    echo "$*" | sed 's/node[.][0-9]*/node.PID/' >>calls
    sleep 0.3
    if [ "$2" = --prefix ]; then
      mkdir -p "$3/node_modules/.bin"
      printf '#!/bin/sh\\nif [ "$1" = --version ]; then echo v24.21.0; else echo "own $*"; fi\\n' >"$3/node_modules/.bin/node"
      chmod +x "$3/node_modules/.bin/node"
    else mkdir -p node_modules; fi ;;
  run) echo build >>calls; mkdir -p dist; touch dist/bin.js ;;
esac
`,
  );
  return { PATH: `${path.join(folder, 'bin')}:/usr/bin:/bin` };
}

const calls = async (folder: string) =>
  (await readFile(path.join(folder, 'calls'), 'utf8')).trimEnd().split('\n');
const installNode = 'ci --prefix .node.PID --ignore-scripts --no-audit --no-fund --no-update-notifier';
const installPackages = 'ci --ignore-scripts --no-audit --no-fund --no-update-notifier';

describe('the first target that needs it', () => {
  it('installs a Node where the own is too old, installs and builds, once', async () => {
    await using folder = await temporaryFolder('install');
    const env = await cloneWithNpm(folder.path);
    const first = await run(folder.path, 'make', ['plan'], env);
    expect(first.stdout).toBe('own dist/bin.js plan\n');
    expect(first.stderr.trimEnd().split('\n')).toHaveLength(3);
    expect(await calls(folder.path)).toEqual([installNode, installPackages, 'build']);
    const second = await run(folder.path, 'make', ['plan'], env);
    expect(second).toEqual({ code: 0, stdout: 'own dist/bin.js plan\n', stderr: '' });
    expect(await calls(folder.path)).toHaveLength(3);
    const left = (await readdir(folder.path)).filter((name) => /^\.(setup|node\.)/.test(name));
    expect(left).toEqual([]);
  });

  it("uses the machine's own Node where it is new enough", async () => {
    await using folder = await temporaryFolder('install');
    const env = await cloneWithNpm(folder.path, 'v22.19.0');
    expect((await run(folder.path, 'make', ['plan'], env)).stdout).toBe('system dist/bin.js plan\n');
    expect(await calls(folder.path)).toEqual([installPackages, 'build']);
  });

  it('builds again when a source is newer, and installs again when the lock file changed', async () => {
    await using folder = await temporaryFolder('install');
    const env = await cloneWithNpm(folder.path, 'v24.0.0');
    await run(folder.path, 'make', ['plan'], env);
    const soon = new Date(Date.now() + 5000);
    await utimes(path.join(folder.path, 'src/bin.ts'), soon, soon);
    await run(folder.path, 'make', ['plan'], env);
    expect(await calls(folder.path)).toEqual([installPackages, 'build', 'build']);
    await writeFile(path.join(folder.path, 'package-lock.json'), '{"packages":{"a":{}}}');
    await utimes(path.join(folder.path, 'package-lock.json'), soon, soon);
    await run(folder.path, 'make', ['plan'], env);
    expect(await calls(folder.path)).toEqual([installPackages, 'build', 'build', installPackages, 'build']);
  });

  it('installs nothing for an installed package but a Node that is missing', async () => {
    await using folder = await temporaryFolder('install');
    const env = await cloneWithNpm(folder.path);
    await rm(path.join(folder.path, 'src'), { recursive: true });
    await run(folder.path, 'mkdir', ['dist']);
    await writeFile(path.join(folder.path, 'dist/bin.js'), '');
    expect((await run(folder.path, 'make', ['plan'], env)).stdout).toBe('own dist/bin.js plan\n');
    expect(await calls(folder.path)).toEqual([installNode]);
  });
});

describe('several makes on a fresh clone', () => {
  it('install and build once', async () => {
    await using folder = await temporaryFolder('install');
    const env = await cloneWithNpm(folder.path);
    const ran = await Promise.all([1, 2, 3, 4].map(() => run(folder.path, 'make', ['plan'], env)));
    expect(ran.map(({ code, stdout }) => ({ code, stdout }))).toEqual(
      [1, 2, 3, 4].map(() => ({ code: 0, stdout: 'own dist/bin.js plan\n' })),
    );
    expect(await calls(folder.path)).toEqual([installNode, installPackages, 'build']);
  });

  it('take over from one that was killed', async () => {
    await using folder = await temporaryFolder('install');
    const env = await cloneWithNpm(folder.path);
    const { stdout } = await run(folder.path, 'bash', ['-c', 'echo "$(hostname):$$"']);
    await symlink(stdout.trim(), path.join(folder.path, '.setup.lock'));
    expect((await run(folder.path, 'make', ['plan'], env)).code).toBe(0);
    expect(await readdir(folder.path)).not.toContain('.setup.lock');
  });
});

describe('what stands in the way', () => {
  it('is named where npm is missing', async () => {
    await using folder = await temporaryFolder('install');
    const env = await cloneWithNpm(folder.path);
    await writeProgram(folder.path, 'npm', 'exit 127\n');
    const { code, stderr } = await run(folder.path, 'make', ['plan'], env);
    expect(code).toBe(2);
    expect(stderr).toContain('needs npm 9 or newer, which comes with Node.js; install Node.js');
  });

  it('is named where npm is too old', async () => {
    await using folder = await temporaryFolder('install');
    const env = await cloneWithNpm(folder.path);
    await writeProgram(folder.path, 'npm', 'echo 6.14.4\n');
    expect((await run(folder.path, 'make', ['plan'], env)).stderr).toContain(
      'needs npm 9 or newer and found 6.14.4',
    );
  });

  it('is shown where npm fails, and the next call tries again', async () => {
    await using folder = await temporaryFolder('install');
    const env = await cloneWithNpm(folder.path, 'v24.0.0');
    const working = await readFile(path.join(folder.path, 'bin/npm'), 'utf8');
    await writeProgram(
      folder.path,
      'npm',
      'if [ "$1" = --version ]; then echo 11.0.0; else echo "network is down" >&2; exit 9; fi\n',
    );
    const { code, stderr } = await run(folder.path, 'make', ['plan'], env);
    expect(code).toBe(2);
    expect(stderr).toContain('network is down\nkube-toolbox: failed with exit code 9: npm ci');
    expect((await readdir(folder.path)).filter((name) => name.startsWith('.setup'))).toEqual([]);
    await writeFile(path.join(folder.path, 'bin/npm'), working);
    expect((await run(folder.path, 'make', ['plan'], env)).code).toBe(0);
  });
});

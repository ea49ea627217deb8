import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Built, buildImage } from '../fakes/docker-build.ts';
import { runMain } from '../setup/run-main.ts';
import { imageEnv, imageProject } from './image-project.ts';
import type { ProjectFolder } from './project-folder.ts';
import { debianFiles, type Sandbox } from './sandbox.ts';

// Dockerfiles, carried out step by step without Docker. What fetches from the Internet has a stand-in.

const stands = '/opt/stand-ins';

/** A Debian with programs of our own before its: each a shell script, by name. */
function debianWith(programs: Readonly<Record<string, string>>): (root: string) => void {
  return (root) => {
    debianFiles(root);
    mkdirSync(path.join(root, stands), { recursive: true });
    for (const [name, body] of Object.entries(programs)) {
      writeFileSync(path.join(root, stands, name), `#!/bin/sh\n${body}\n`);
      chmodSync(path.join(root, stands, name), 0o755);
    }
  };
}

const note = 'echo "$(basename "$0") $*" >>/calls';
const calls = (image: Sandbox) => readFileSync(image.path('calls'), 'utf8').trimEnd().split('\n');

function start(
  { image, env, workingDir, entrypoint }: Built,
  more: Readonly<Record<string, string>>,
  command: string,
) {
  const words = [...entrypoint.slice(0, 1), 'bash', '-c', command];
  return image.run(words, { cwd: workingDir, env: { ...env, ...more } });
}

const user = { NB_USER: 'jdoe', NB_UID: '123456', NB_GROUP: 'vision', NB_GID: '83070' };

it('the toolbox image: built from what .dockerignore leaves, it starts as somebody and has the toolbox', () => {
  const npm = `case $1 in
  ci) [ -f package-lock.json ] && [ -f .npmrc ] && ln -s /node_modules node_modules ;;
  run) exec sh -c "$(sed -n 's/^    "'"$2"'": "\\(.*\\)",*$/\\1/p' package.json)" ;;
  *) exit 64 ;;
esac`;
  using built = buildImage(readFileSync('Dockerfile', 'utf8'), {
    context: '.',
    path: stands,
    bases: {
      'node:24-bookworm-slim': debianWith({ npm, 'apt-get': note }),
      'debian:bookworm-slim': debianWith({ 'apt-get': note }),
    },
    mounts: [
      { source: process.execPath, target: `${stands}/node`, readOnly: true },
      { source: path.resolve('node_modules'), target: '/node_modules', readOnly: true },
    ],
  });
  expect(calls(built.image)).toEqual([
    'apt-get update',
    'apt-get install --yes --no-install-recommends bash ca-certificates git gzip openssh-client sudo tar zsh',
  ]);
  expect(built.entrypoint).toEqual(['/opt/toolbox/container/entrypoint.sh', 'bash']);
  expect(existsSync(built.image.path('src'))).toBe(false);
  const ran = start(built, user, 'id -un; command -v ktb make; ktb --version; make -f /dev/null; exit 5');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(ran).toMatchObject({
    code: 5,
    stdout: `jdoe\n/opt/toolbox/bin/ktb\n/opt/toolbox/bin/make\nkube-toolbox ${version}\n`,
  });
  expect(ran.stderr).toContain('make: *** No targets.  Stop.');
});

describe('the Dockerfile that image-init writes', () => {
  let project: ProjectFolder;
  beforeEach(() => {
    project = imageProject();
    project.write('train.py', 'print(1)');
    for (const name of [
      '.env',
      'sub/.env',
      '.ssh/id_rsa',
      'build/job.yaml',
      '.toolbox/secret-key',
      'a/x.pyc',
    ])
      project.write(name, 'TOKEN=secret\n');
    project.commit();
    // A clone's and a submodule's configuration, with a token.
    project.write('.git/modules/lib/config', 'url = https://me:canary-7d1@git.example.org/lib.git\n');
    project.git('remote', 'add', 'origin', 'https://me:canary-7d1@git.example.org/me/example.git');
  });
  afterEach(() => project[Symbol.dispose]());

  async function build(args: Readonly<Record<string, string>> = {}): Promise<Built> {
    const { code } = await runMain(project.cwd, ['image-init'], { env: imageEnv(project) });
    expect(code).toBe(0);
    const toolbox = (root: string) => {
      debianFiles(root);
      execFileSync('cp', ['-R', path.resolve('container'), path.join(root, 'opt')]);
      mkdirSync(path.join(root, 'opt/toolbox'));
      execFileSync('mv', [path.join(root, 'opt/container'), path.join(root, 'opt/toolbox/container')]);
    };
    const programs = Object.fromEntries(
      ['apt-get', 'conda', 'pip', 'poetry', 'uv'].map((name) => [name, note]),
    );
    return buildImage(readFileSync(project.path('Dockerfile'), 'utf8'), {
      context: project.cwd,
      path: stands,
      args,
      bases: {
        'registry.example.org/alice/kube-toolbox:latest': toolbox,
        'lab/toolbox:1': toolbox,
        'condaforge/miniforge3:25.3.1-0': debianWith(programs),
        'python:3.12-slim-bookworm': debianWith(programs),
        'debian:bookworm-slim': debianWith(programs),
        'ghcr.io/astral-sh/uv:0.11.7': (root) => {
          for (const name of ['uv', 'uvx'])
            writeFileSync(path.join(root, name), `#!/bin/sh\n${note}\n`, { mode: 0o755 });
        },
      },
    });
  }

  const packages = 'bash ca-certificates git gzip openssh-client sudo tar zsh build-essential';
  const apt = ['apt-get update', `apt-get install --yes --no-install-recommends ${packages}`];

  it.each([
    [{ 'pyproject.toml': '', 'uv.lock': '' }, ['uv sync --no-install-project']],
    [{ 'requirements.txt': '' }, ['uv venv', 'uv pip install --requirement requirements.txt']],
    [{}, ['uv venv']],
    [
      { 'pyproject.toml': '', 'poetry.lock': '' },
      ['pip install --no-cache-dir poetry==2.*', 'poetry install --no-interaction --no-root --no-cache'],
    ],
    [
      { 'environment.yml': 'name: example\n' },
      ['conda env create --name example --file environment.yml', 'conda clean --all --yes'],
    ],
    [
      { 'environment.yml': 'name: example\n', 'pyproject.toml': '', 'poetry.lock': '#\n' },
      [
        'conda env create --name example --file environment.yml',
        'conda run --name example poetry install --no-interaction --no-root',
        'conda clean --all --yes',
      ],
    ],
  ])('installs the environment of %j, and holds the code without secrets', async (files, expected) => {
    for (const [name, content] of Object.entries(files)) project.write(name, content || '#\n');
    using built = await build();
    expect(calls(built.image)).toEqual([...apt, ...expected]);
    expect(built.workingDir).toBe('/opt/example');
    const own = built.image.path('opt/example');
    expect(existsSync(path.join(own, 'train.py'))).toBe(true);
    expect(existsSync(path.join(own, '.git/HEAD'))).toBe(true);
    expect(() => execFileSync('grep', ['-rF', 'canary-7d1', own])).toThrow();
    const ran = start(built, user, 'id -un; pwd; mkdir results && ls -d results');
    expect(ran).toMatchObject({ code: 0, stdout: 'jdoe\n/opt/example\nresults\n' });
  });

  it('has the account from the start where build arguments say whose it is', async () => {
    using built = await build({ ...user, TOOLBOX_IMAGE: 'lab/toolbox:1' });
    expect(readFileSync(built.image.path('etc/passwd'), 'utf8')).toContain(
      'jdoe:*:123456:83070::/home/jdoe:',
    );
    expect(existsSync(built.image.path('home/jdoe'))).toBe(true);
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { Readable } from 'node:stream';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withoutTag } from '../../src/container/image-name.ts';
import { type FakeCluster, startFakeCluster } from '../fakes/kubernetes-api.ts';
import { runMain } from '../setup/run-main.ts';
import { imageEnv, imageProject, standIn } from './image-project.ts';
import type { ProjectFolder } from './project-folder.ts';

let project: ProjectFolder;
beforeEach(() => {
  project = imageProject();
  mkdirSync(project.path('tools'));
  symlinkSync(execFileSync('which', ['git'], { encoding: 'utf8' }).trim(), project.path('tools/git'));
  for (const tool of ['sh', 'env', 'grep', 'sort'])
    symlinkSync(`/usr/bin/${tool}`, project.path(`tools/${tool}`));
});
afterEach(() => project[Symbol.dispose]());

const run = (...argv: readonly string[]) => runMain(project.cwd, argv, { env: imageEnv(project) });
const image = 'registry.example.org/alice/example';

describe('make image', () => {
  it.each(['docker', 'podman', 'buildah'])(
    'builds with %s, tagged latest and by the commit',
    async (builder) => {
      project.write('Dockerfile', 'FROM debian\n');
      project.write('.gitignore', 'bin/\ntools/\ncalls\n');
      const commit = project.commit().slice(0, 12);
      const calls = standIn(project, builder);
      const ran = await run('image');
      expect(ran.stdout).toBe(`built ${image}:latest\nbuilt ${image}:${commit}\n`);
      expect(ran.stderr).toContain(`${builder} is at work`);
      expect(ran.code).toBe(0);
      expect(calls()).toEqual([
        `${builder} build --file Dockerfile --tag ${image}:latest --tag ${image}:${commit} .`,
      ]);
    },
  );

  it('prefers docker, then podman', async () => {
    project.write('Dockerfile', 'FROM debian\n');
    standIn(project, 'buildah');
    standIn(project, 'podman');
    const calls = standIn(project, 'docker');
    await run('image');
    expect(calls()).toEqual([`docker build --file Dockerfile --tag ${image}:latest .`]);
  });

  it('passes the identity to the build arguments that are declared, by the environment', async () => {
    project.write('Dockerfile', 'ARG TOOLBOX_IMAGE=x\nFROM debian\nARG NB_USER NB_UID=1\n  arg LDAP_GID\n');
    project.write('.env', 'LDAP_USERNAME=jdoe\nLDAP_GID=83070\nLDAP_GROUPNAME=unit\n');
    project.write(
      'config/kube.yaml',
      `${readFileSync(project.path('config/kube.yaml'), 'utf8')}identity: {uid: 1234}\ntoolbox_image: lab/toolbox:1\n`,
    );
    const calls = standIn(project, 'docker');
    await run('image');
    const [words = '', ...variables] = calls();
    expect(words).toContain(
      ' --build-arg NB_USER --build-arg NB_UID --build-arg LDAP_GID --build-arg TOOLBOX_IMAGE .',
    );
    expect(words).not.toMatch(/jdoe|83070/);
    expect(variables).toEqual([
      'LDAP_GID=83070',
      'NB_UID=1234',
      'NB_USER=jdoe',
      'TOOLBOX_IMAGE=lab/toolbox:1',
    ]);
  });

  it('marks a tree that differs from its commit', async () => {
    project.write('Dockerfile', 'FROM debian\n');
    const commit = project.commit().slice(0, 12);
    project.write('Dockerfile', 'FROM ubuntu\n');
    standIn(project, 'docker');
    expect((await run('image')).stdout).toContain(`:${commit}-dirty\n`);
  });

  it('names the image of kube.yaml, without its tag', () => {
    expect(withoutTag('registry:5000/a/b:tag')).toBe('registry:5000/a/b');
    expect(withoutTag('registry:5000/a/b')).toBe('registry:5000/a/b');
    expect(withoutTag('a/b:tag@sha256:0123')).toBe('a/b');
  });
});

it('make image-push pushes both tags', async () => {
  project.write('.gitignore', 'bin/\ntools/\ncalls\n');
  const commit = project.commit().slice(0, 12);
  const calls = standIn(project, 'podman');
  const ran = await run('image-push', '--json');
  expect(calls()).toEqual([`podman push ${image}:${commit}`, `podman push ${image}:latest`]);
  expect(
    ran.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { type: 'image', tag: `${image}:${commit}` },
    { type: 'image', tag: `${image}:latest` },
  ]);
});

describe('make image-init', () => {
  it.each([
    ['uv', { 'uv.lock': '', 'pyproject.toml': '[project]\n' }],
    ['uv', { 'README.md': '' }],
    ['conda', { 'environment.yml': 'name: example\n', 'poetry.lock': '# lock\n' }],
    ['poetry', { 'pyproject.toml': '[tool.poetry]\nname = "x"\n' }],
    ['poetry', { 'poetry.lock': '# lock\n' }],
  ])('writes files for %s', async (tool, files) => {
    for (const [name, content] of Object.entries(files)) project.write(name, content);
    const ran = await run('image-init');
    expect(ran.stdout).toBe(
      `wrote Dockerfile (${tool})\nwrote .github/workflows/docker.yml\nwrote .github/workflows/mirror.yml\nwrote .dockerignore\n`,
    );
    const ignored = readFileSync(project.path('.dockerignore'), 'utf8').split('\n');
    for (const name of ['.env', '.ssh', 'build', '.toolbox']) expect(ignored).toContain(name);
    const dockerfile = readFileSync(project.path('Dockerfile'), 'utf8');
    expect(dockerfile).toContain('ARG TOOLBOX_IMAGE=registry.example.org/alice/kube-toolbox:latest\n');
    expect(dockerfile).toContain('ENTRYPOINT ["/opt/toolbox/container/entrypoint.sh"]');
    expect(problems(dockerfile)).toEqual([]);
    const docker = readFileSync(project.path('.github/workflows/docker.yml'), 'utf8');
    expect(docker).toContain(`IMAGE: ${image}\n`);
    const mirror = readFileSync(project.path('.github/workflows/mirror.yml'), 'utf8');
    expect(mirror).toContain('REMOTE: ssh://git@gitlab-ssh.nrp-nautilus.io:30622/alice/example.git\n');
    for (const text of [dockerfile, docker, mirror]) expect(text).not.toMatch(/__[a-z]+__/);
  });

  it('overwrites nothing, but sees to it that secrets stay out', async () => {
    project.write('Dockerfile', 'FROM mine\n');
    project.write('.dockerignore', '*.log\n/.env\nbuild/');
    const ran = await run('image-init', '--python=conda');
    expect(ran.stdout).toContain('left Dockerfile as it is');
    expect(ran.stdout).toContain(
      'added to .dockerignore (.ssh, **/.env, **/.ssh, **/.git/config, .git/modules/**/config, .toolbox, .venv)',
    );
    expect(readFileSync(project.path('Dockerfile'), 'utf8')).toBe('FROM mine\n');
    expect(readFileSync(project.path('.dockerignore'), 'utf8')).toBe(
      '*.log\n/.env\nbuild/\n.ssh\n**/.env\n**/.ssh\n**/.git/config\n.git/modules/**/config\n.toolbox\n.venv\n',
    );
    expect((await run('image-init')).stdout).not.toMatch(/wrote|added/);
  });

  it('writes workflows whose shell is sound', async () => {
    await run('image-init');
    const { parse } = await import('yaml');
    for (const name of ['docker', 'mirror']) {
      const workflow = parse(readFileSync(project.path(`.github/workflows/${name}.yml`), 'utf8')) as {
        jobs: Record<string, { steps: { run?: string }[] }>;
      };
      for (const { steps } of Object.values(workflow.jobs)) {
        for (const { run: script } of steps) {
          if (script !== undefined)
            execFileSync('shellcheck', ['--shell=bash', '--exclude=SC2086', '-'], {
              input: script,
              stdio: ['pipe', 'pipe', 'pipe'],
            });
        }
      }
    }
  });
});

describe('make image-secret', () => {
  let cluster: FakeCluster;
  beforeEach(async () => {
    cluster = await startFakeCluster();
    project.write('kubeconfig', cluster.kubeconfig());
  });
  afterEach(() => cluster.stop());

  const secret = (env: Readonly<Record<string, string>>, argv: readonly string[] = [], input = '') =>
    runMain(project.cwd, ['image-secret', ...argv], {
      env: { ...imageEnv(project), KUBECONFIG: project.path('kubeconfig'), ...env },
      stdin: Readable.from([input]),
    });
  const stored = () =>
    JSON.parse(
      Buffer.from(
        (
          cluster.store.get('secrets', 'lab', 'example-read-registry') as unknown as {
            data: Record<string, string>;
          }
        ).data['.dockerconfigjson'] ?? '',
        'base64',
      ).toString(),
    );

  it('creates the pull secret from the deploy token, and replaces it', async () => {
    const token = { DEPLOY_TOKEN_USERNAME: 'robot', DEPLOY_TOKEN_PASSWORD: 'hunter2' };
    const first = await secret(token);
    expect(first).toMatchObject({ code: 0, stdout: 'secret/example-read-registry created\n' });
    expect(stored()).toEqual({
      auths: {
        'registry.example.org': { username: 'robot', password: 'hunter2', auth: btoa('robot:hunter2') },
      },
    });
    expect((await secret(token)).stdout).toBe('secret/example-read-registry unchanged\n');
    const second = await secret({ ...token, DEPLOY_TOKEN_PASSWORD: 'hunter3' });
    expect(second.stdout).toBe('secret/example-read-registry replaced\n');
    expect(stored().auths['registry.example.org'].password).toBe('hunter3');
    for (const ran of [first, second]) expect(ran.stdout + ran.stderr).not.toContain('hunter');
  });

  it('reads the password from standard input or .env', async () => {
    await secret({}, ['--username=robot', '--server=other.example.org'], 'typed\n');
    expect(stored().auths['other.example.org']).toMatchObject({ username: 'robot', password: 'typed' });
    project.write('.env', 'DEPLOY_TOKEN_USERNAME=a\nDEPLOY_TOKEN_PASSWORD=b\n');
    await secret({});
    expect(stored().auths['registry.example.org']).toMatchObject({ username: 'a', password: 'b' });
  });
});

describe('Dockerfile', () => {
  it('has no mistakes, and does everything in scripts', () => {
    const text = readFileSync('Dockerfile', 'utf8');
    expect(problems(text)).toEqual([]);
    const words = DockerfileParser.parse(text)
      .getInstructions()
      .map((each) => `${each.getKeyword()} ${each.getArgumentsContent()}`);
    for (const script of text.match(/container\/\S+\.sh/g) ?? []) {
      if (!script.includes('*')) expect(existsSync(script), script).toBe(true);
    }
    expect(words.at(-2)).toBe('ENTRYPOINT ["/opt/toolbox/container/entrypoint.sh"]');
    expect(words).toContain('ENV PATH=/opt/toolbox/bin:$PATH');
  });

  it('is built without secrets', () => {
    const ignored = readFileSync('.dockerignore', 'utf8').split('\n');
    for (const name of ['**/.env', '**/.ssh', '.toolbox', 'build', 'node_modules'])
      expect(ignored).toContain(name);
  });
});

function problems(dockerfile: string): readonly string[] {
  return validate(dockerfile).map((each) => `${each.range.start.line + 1}: ${each.message}`);
}

it('scripts pass shellcheck', () => {
  const found = execFileSync('sh', ['-c', 'shellcheck --format=gcc container/*.sh || true'], {
    encoding: 'utf8',
  });
  expect(found).toBe('');
});

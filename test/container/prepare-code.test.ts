import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCodeReference } from '../../src/container/code-reference.ts';
import { prepareCode } from '../../src/container/prepare-code.ts';
import { repositoryUrl } from '../../src/container/repository-url.ts';
import { ProjectFolder } from './project-folder.ts';

const repository = { sshHost: 'git.example.org', sshPort: 30622, owner: 'me', project: 'example' };

let project: ProjectFolder;
beforeEach(() => {
  project = new ProjectFolder();
});
afterEach(() => project[Symbol.dispose]());

function prepare(
  kinds: readonly ('git' | 'snapshot' | 'image')[],
  rest: { bucket?: boolean; toolbox?: boolean; secrets?: readonly string[] } = {},
) {
  return prepareCode({
    cwd: project.cwd,
    env: project.env,
    signal: project.signal,
    kinds: new Set(kinds),
    repository,
    secrets: [],
    bucket: false,
    toolbox: false,
    owner: { user: 'me', project: 'example' },
    ...rest,
  });
}

describe('code: git', () => {
  it('pins the commit that is checked out, from a clone that has pushed it', async () => {
    using origin = new ProjectFolder();
    origin.git('init', '--quiet', '--bare');
    project.write('a.py', '');
    const commit = project.commit();
    project.git('remote', 'add', 'origin', origin.cwd);
    project.git('push', '--quiet', 'origin', 'HEAD:main');
    project.git('fetch', '--quiet', 'origin');
    project.git('remote', 'set-url', 'origin', 'https://me:hunter2@github.com/me/example.git');
    const code = await prepare(['git']);
    expect(code).toEqual({
      reference: `git:${commit}`,
      placement: { git: { kind: 'git', commit, url: 'https://github.com/me/example.git' } },
      snapshot: undefined,
      warnings: [],
    });
    expect(parseCodeReference(`git:${commit}`)).toEqual({ kind: 'git', commit });
  });

  it('warns of what is not committed, listing it, and of a commit that is not pushed', async () => {
    project.write('a.py', '');
    project.write('old name.py', 'x');
    project.commit();
    project.write('a.py', 'changed');
    project.write('new.py', '');
    project.git('mv', 'old name.py', 'renamed.py');
    const { warnings } = await prepare(['git']);
    expect(warnings.map((each) => each.code)).toEqual(['CONTAINER_UNCOMMITTED', 'CONTAINER_UNPUSHED']);
    for (const name of ['a.py', 'new.py', 'old name.py', 'renamed.py'])
      expect(warnings[0]?.message).toContain(name);
  });

  it('names the project’s folder in a larger repository', async () => {
    project.write('projects/a/train.py', '');
    project.commit();
    const { placement } = await prepareCode({
      cwd: project.path('projects/a'),
      env: project.env,
      signal: project.signal,
      kinds: new Set(['git'] as const),
      repository,
      secrets: [],
      bucket: false,
      toolbox: false,
      owner: { user: 'me', project: 'example' },
    });
    expect(placement.git).toMatchObject({ prefix: 'projects/a' });
  });

  it('lists ten of many changes, and says how many more', async () => {
    project.write('a.py', '');
    project.commit();
    for (let n = 10; n < 30; n++) project.write(`f${n}`, '');
    const [warning] = (await prepare(['git'])).warnings;
    expect(warning?.message).toContain('f19 and 10 more');
  });

  it.each([
    ['no repository', () => {}],
    ['a repository without a commit', () => project.git('init', '--quiet')],
  ])('refuses %s', async (_, make) => {
    make();
    await expect(prepare(['git'])).rejects.toMatchObject({
      exitCode: 2,
      diagnostics: [{ code: 'CONTAINER_NO_REPOSITORY' }],
    });
  });

  it('says that git is missing', async () => {
    const missing = { ...project.env, PATH: project.cwd };
    await expect(
      prepareCode({
        cwd: project.cwd,
        env: missing,
        signal: project.signal,
        kinds: new Set(['git']),
        repository,
        secrets: [],
        bucket: false,
        toolbox: false,
        owner: { user: 'me', project: 'example' },
      }),
    ).rejects.toMatchObject({ diagnostics: [{ code: 'CONTAINER_NO_GIT' }] });
  });
});

describe('code: snapshot', () => {
  it('goes to the bucket where there is one and pods have a toolbox', async () => {
    project.write('a.py', 'a');
    const { placement, reference, snapshot } = await prepare(['snapshot'], { bucket: true, toolbox: true });
    expect(placement.snapshot).toEqual({
      kind: 'snapshot',
      digest: snapshot?.digest,
      from: { store: 'bucket', key: `.toolbox/code/${snapshot?.digest}.tar.gz` },
    });
    expect(reference).toBe(`snapshot:${snapshot?.codeDigest}`);
  });

  it('goes into ConfigMaps where it is small', async () => {
    project.write('a.py', 'a');
    for (const rest of [{}, { bucket: true }]) {
      const { placement } = await prepare(['snapshot'], rest);
      expect(placement.snapshot).toMatchObject({
        from: { store: 'configmaps', names: [expect.stringMatching(/^code-/)] },
      });
    }
  });

  it.each([
    ['a value of .env', 'notes.txt', 'token canary-zz-12345', true],
    ['a name of keys', 'certs/server.key', 'x', true],
    ['a short value', 'notes.txt', 'short', false],
  ])('goes into Secrets with %s in it', async (_, name, content, secret) => {
    project.write(name, content);
    const { placement } = await prepare(['snapshot'], { secrets: ['canary-zz-12345', 'short'] });
    expect(placement.snapshot).toMatchObject({ from: { store: 'configmaps', ...(secret && { secret }) } });
    expect('secret' in ((placement.snapshot as { from?: object }).from ?? {})).toBe(secret);
  });

  it('needs a bucket from 3 MiB packed on', async () => {
    project.write('random.bin', randomBytes(3 * 1024 ** 2));
    await expect(prepare(['snapshot'])).rejects.toMatchObject({
      exitCode: 2,
      diagnostics: [{ code: 'CONTAINER_SNAPSHOT_TOO_LARGE' }],
    });
    const { placement } = await prepare(['snapshot'], { bucket: true });
    expect(placement.snapshot).toMatchObject({ from: { store: 'bucket' } });
  });
});

it('code: image needs neither git nor an archive', async () => {
  expect(await prepare(['image'])).toEqual({
    reference: undefined,
    placement: {},
    snapshot: undefined,
    warnings: [],
  });
});

describe('repositoryUrl', () => {
  const fallback = 'ssh://git@git.example.org:30622/me/example.git';
  it.each([
    ['git@github.com:me/x.git', 'git@github.com:me/x.git'],
    ['github.com:me/x.git', 'github.com:me/x.git'],
    ['ssh://git@host:22/me/x.git', 'ssh://git@host:22/me/x.git'],
    ['ssh://git:hunter2@host/me/x.git', 'ssh://git@host/me/x.git'],
    ['https://github.com/me/x.git', 'https://github.com/me/x.git'],
    ['https://token@github.com/me/x', 'https://github.com/me/x'],
    ['https://me:hunter2@gitlab.com:8443/me/x.git?private_token=hunter2', 'https://gitlab.com:8443/me/x.git'],
    ['/srv/git/x.git', fallback],
    ['../x', fallback],
    ['file:///srv/x', fallback],
    ['C:\\repos\\x', fallback],
    [undefined, fallback],
  ])('%s → %s', (origin, url) => {
    expect(repositoryUrl(origin, repository)).toBe(url);
  });
});

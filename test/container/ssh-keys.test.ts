import { afterEach, beforeEach, expect, it } from 'vitest';
import { readSshKeys } from '../../src/container/ssh-keys.ts';
import { ProjectFolder } from './project-folder.ts';

let project: ProjectFolder;
beforeEach(() => {
  project = new ProjectFolder();
  project.write('home/.ssh/github', 'standard private\n');
  project.write('home/.ssh/github.pub', 'standard public\n');
  project.write('keys/mine', 'my private\n');
  project.write('keys/mine.pub', 'my public\n');
});
afterEach(() => project[Symbol.dispose]());

async function read(variables: Readonly<Record<string, string>>, deployKey = false, identity = false) {
  const found = await readSshKeys({
    variables: new Map(Object.entries(variables)),
    cwd: project.cwd,
    home: project.path('home'),
    deployKey,
    identity,
  });
  return Object.fromEntries(
    [...found].map(([name, value]) => [name, name.endsWith('_B64') ? atob(value) : value]),
  );
}

it('takes ~/.ssh/github where nothing is said, and only if somebody asked', async () => {
  const standard = { SSH_PRIVATE_KEY_B64: 'standard private\n', SSH_PUBLIC_KEY: 'standard public' };
  expect(await read({}, false, true)).toEqual(standard);
  expect(await read({ SSH_PRIVATE_KEY_B64: '', SSH_PUBLIC_KEY: ' ' })).toEqual(standard);
  expect(await read({})).toEqual({});
});

it('takes the files named in .env, relative to the project or to ~', async () => {
  expect(await read({ GITHUB_SSH_KEY_PATH: 'keys/mine' })).toEqual({
    SSH_PRIVATE_KEY_B64: 'my private\n',
    SSH_PUBLIC_KEY: 'my public',
  });
  expect(
    await read({
      GITHUB_SSH_KEY_PATH: '~/.ssh/github',
      GITHUB_SSH_PUBLIC_KEY_PATH: project.path('keys/mine.pub'),
    }),
  ).toEqual({
    SSH_PRIVATE_KEY_B64: 'standard private\n',
    SSH_PUBLIC_KEY: 'my public',
  });
});

it('leaves what is set', async () => {
  expect(await read({ SSH_PRIVATE_KEY_B64: 'set', SSH_PUBLIC_KEY: 'set' })).toEqual({});
  // Another private key's public half is not ~/.ssh/github.pub.
  expect(await read({ SSH_PRIVATE_KEY_B64: 'set' })).toEqual({});
});

it('leaves out what is not there', async () => {
  expect([
    ...(await readSshKeys({
      variables: new Map(),
      cwd: project.cwd,
      home: undefined,
      deployKey: true,
      identity: true,
    })),
  ]).toEqual([]);
});

it('refuses a named file that cannot be read, without printing the name', async () => {
  const reading = read({ GITHUB_SSH_KEY_PATH: '/nowhere/hunter2' });
  await expect(reading).rejects.toMatchObject({
    exitCode: 2,
    diagnostics: [{ code: 'CONTAINER_KEY_UNREADABLE' }],
  });
  await expect(reading).rejects.not.toThrow(/hunter2/);
});

it('takes the deploy key and known hosts of the project’s .ssh', async () => {
  project.write('.ssh/id_rsa', 'deploy\n');
  project.write('.ssh/known_hosts', 'github.com ssh-ed25519 AAAA\n');
  const set = { SSH_PRIVATE_KEY_B64: 'set', SSH_PUBLIC_KEY: 'set' };
  expect(await read(set, true)).toEqual({
    DEPLOY_KEY_B64: 'deploy\n',
    SSH_KNOWN_HOSTS: 'github.com ssh-ed25519 AAAA',
  });
  project.write('.ssh/id_ed25519', 'better\n');
  expect(await read({ ...set, SSH_KNOWN_HOSTS: 'set' }, true)).toEqual({ DEPLOY_KEY_B64: 'better\n' });
  expect(await read(set, false)).toEqual({});
});

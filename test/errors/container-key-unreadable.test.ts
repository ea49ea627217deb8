import { expect, it } from 'vitest';
import { readSshKeys } from '../../src/container/ssh-keys.ts';

it('CONTAINER_KEY_UNREADABLE: a key file that is not there', async () => {
  const variables = new Map([['GITHUB_SSH_KEY_PATH', '~/.ssh/missing']]);
  const reading = readSshKeys({ variables, cwd: '/', home: '/nowhere', deployKey: false, identity: false });
  await expect(reading).rejects.toMatchObject({
    exitCode: 2,
    diagnostics: [
      { code: 'CONTAINER_KEY_UNREADABLE', message: 'GITHUB_SSH_KEY_PATH in .env names a file that cannot be read (ENOENT)' },
    ],
  });
});

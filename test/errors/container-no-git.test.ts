import { expect, it } from 'vitest';
import { readGitState } from '../../src/container/git-state.ts';

it('CONTAINER_NO_GIT: a machine without git', async () => {
  const reading = readGitState('/', { PATH: '/nowhere' }, new AbortController().signal);
  await expect(reading).rejects.toMatchObject({
    exitCode: 3,
    diagnostics: [{ code: 'CONTAINER_NO_GIT', message: 'git is not on PATH', hint: expect.stringContaining('install git') }],
  });
});

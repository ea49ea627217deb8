import { expect, it } from 'vitest';
import { prepare } from '../container/prepare.ts';
import { ProjectFolder } from '../container/project-folder.ts';

it('CONTAINER_NO_REPOSITORY: code: git in a folder without one', async () => {
  using project = new ProjectFolder();
  await expect(prepare(project, 'git')).rejects.toMatchObject({
    exitCode: 2,
    diagnostics: [{ code: 'CONTAINER_NO_REPOSITORY', hint: expect.stringContaining('code: snapshot') }],
  });
});

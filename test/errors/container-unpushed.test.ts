import { expect, it } from 'vitest';
import { prepare } from '../container/prepare.ts';
import { ProjectFolder } from '../container/project-folder.ts';

it('CONTAINER_UNPUSHED: a commit that pods cannot fetch', async () => {
  using project = new ProjectFolder();
  project.write('a.py', '');
  project.commit();
  const { warnings } = await prepare(project, 'git');
  expect(warnings).toMatchObject([{ code: 'CONTAINER_UNPUSHED', severity: 'warning', hint: expect.stringContaining('git push') }]);
});

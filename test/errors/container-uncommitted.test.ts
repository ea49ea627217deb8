import { expect, it } from 'vitest';
import { prepare } from '../container/prepare.ts';
import { ProjectFolder } from '../container/project-folder.ts';

it('CONTAINER_UNCOMMITTED: changes that pods would not run', async () => {
  using project = new ProjectFolder();
  project.write('a.py', '');
  const commit = project.commit();
  project.write('a.py', 'changed');
  const { warnings } = await prepare(project, 'git');
  expect(warnings[0]).toMatchObject({
    code: 'CONTAINER_UNCOMMITTED',
    severity: 'warning',
    message: `pods run commit ${commit.slice(0, 12)}, without the changes in a.py`,
  });
});

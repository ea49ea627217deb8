import { expect, it } from 'vitest';
import { ProjectFolder } from '../container/project-folder.ts';
import { writeRecord } from '../container/write-record.ts';
import { runMain } from '../setup/run-main.ts';

it('CONTAINER_CODE_DAMAGED: an archive that is not what its name says', async () => {
  using project = new ProjectFolder();
  const digest = 'd'.repeat(64);
  project.write(`.toolbox/code/${digest}.tar.gz`, 'not an archive');
  writeRecord(project, 'example-t', `snapshot:${digest}`);
  const { code, stderr } = await runMain(project.cwd, ['checkout', '--run=example-t']);
  expect(code).toBe(3);
  expect(stderr).toContain('error CONTAINER_CODE_DAMAGED');
});

import { expect, it } from 'vitest';
import { ProjectFolder } from '../container/project-folder.ts';
import { writeRecord } from '../container/write-record.ts';
import { runMain } from '../setup/run-main.ts';

it('CONTAINER_FOLDER_IN_USE: work of the user’s own', async () => {
  using project = new ProjectFolder();
  project.write('mine/notes.txt', 'mine');
  writeRecord(project, 'example-t', `snapshot:${'d'.repeat(64)}`);
  const { code, stderr } = await runMain(project.cwd, ['checkout', '--run=example-t', '--to=mine']);
  expect(code).toBe(2);
  expect(stderr).toContain('error CONTAINER_FOLDER_IN_USE: mine is there and not empty');
});

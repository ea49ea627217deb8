import { expect, it } from 'vitest';
import { ProjectFolder } from '../container/project-folder.ts';
import { writeRecord } from '../container/write-record.ts';
import { runMain } from '../setup/run-main.ts';

it.each([
  [undefined, 'the record of example-t names no code'],
  ['image', 'the image of example-t brought its code'],
  ['something-newer:1', 'the record of example-t names no code'],
])('CONTAINER_RUN_HAS_NO_CODE: %s', async (reference, message) => {
  using project = new ProjectFolder();
  writeRecord(project, 'example-t', reference);
  const { code, stderr } = await runMain(project.cwd, ['checkout', '--run=example-t']);
  expect(code).toBe(3);
  expect(stderr).toContain(`error CONTAINER_RUN_HAS_NO_CODE: ${message}`);
});

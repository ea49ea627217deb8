import { expect, it } from 'vitest';
import { ProjectFolder } from '../container/project-folder.ts';
import { runMain } from '../setup/run-main.ts';

it.each(['nobody', '../../etc', 'UPPER'])('CONTAINER_RUN_UNKNOWN: %s', async (name) => {
  using project = new ProjectFolder();
  const { code, stderr } = await runMain(project.cwd, ['checkout', `--run=${name}`]);
  expect(code).toBe(2);
  expect(stderr).toContain(`error CONTAINER_RUN_UNKNOWN: there is no record and no Job of a run named "${name}"`);
});

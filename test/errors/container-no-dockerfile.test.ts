import { expect, it } from 'vitest';
import { imageProject } from '../container/image-project.ts';
import { runMain } from '../setup/run-main.ts';

it('CONTAINER_NO_DOCKERFILE: make image in a project without one', async () => {
  using project = imageProject();
  const { code, stderr } = await runMain(project.cwd, ['image']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/error CONTAINER_NO_DOCKERFILE: there is no Dockerfile in .*\n {2}hint: make image-init/);
});

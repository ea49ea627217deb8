import { expect, it } from 'vitest';
import { imageProject } from '../container/image-project.ts';
import { runMain } from '../setup/run-main.ts';

it('CONTAINER_SECRET_INPUT: a deploy token without password', async () => {
  using project = imageProject();
  const { code, stderr } = await runMain(project.cwd, ['image-secret', '--username=robot']);
  expect(code).toBe(2);
  expect(stderr).toContain('error CONTAINER_SECRET_INPUT: the deploy token has no password');
});

import { expect, it } from 'vitest';
import { imageProject } from '../container/image-project.ts';
import { runMain } from '../setup/run-main.ts';

it('CONTAINER_NO_BUILDER: a machine without docker, podman and buildah', async () => {
  using project = imageProject();
  project.write('Dockerfile', 'FROM debian\n');
  const { code, stderr } = await runMain(project.cwd, ['image'], { env: { ...project.env, PATH: project.path('bin') } });
  expect(code).toBe(3);
  expect(stderr).toContain('error CONTAINER_NO_BUILDER: neither docker, podman nor buildah is on PATH');
});

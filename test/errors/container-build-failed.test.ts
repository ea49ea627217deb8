import { expect, it } from 'vitest';
import { imageProject, standIn } from '../container/image-project.ts';
import { runMain } from '../setup/run-main.ts';

it('CONTAINER_BUILD_FAILED: a build that fails, a push that is refused', async () => {
  using project = imageProject();
  project.write('Dockerfile', 'FROM debian\n');
  standIn(project, 'docker', 9);
  const env = { ...project.env, PATH: `${project.path('bin')}:${project.env['PATH']}` };
  const built = await runMain(project.cwd, ['image'], { env });
  expect(built).toMatchObject({ code: 1, stdout: '' });
  expect(built.stderr).toContain('error CONTAINER_BUILD_FAILED: docker build ended with exit code 9');
  expect(built.stderr).toContain('hint: is docker running? ');
  const pushed = await runMain(project.cwd, ['image-push'], { env });
  expect(pushed.stderr).toContain('hint: make image builds it first; then log in: docker login registry.example.org');
});

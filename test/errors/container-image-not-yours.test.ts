import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { imageProject, standIn } from '../container/image-project.ts';
import { runMain } from '../setup/run-main.ts';

it.each(['python:3.12-slim', 'library/python', 'docker.io/python@sha256:0123'])('CONTAINER_IMAGE_NOT_YOURS: %s', async (image) => {
  using project = imageProject();
  project.write('config/kube.yaml', `${readFileSync(project.path('config/kube.yaml'), 'utf8')}image: ${image}\n`);
  const calls = standIn(project, 'docker');
  const env = { ...project.env, PATH: `${project.path('bin')}:${project.env['PATH']}` };
  // Its files are for an image that can be the project's.
  expect(await runMain(project.cwd, ['image-init'], { env })).toMatchObject({ code: 0 });
  expect(readFileSync(project.path('Dockerfile'), 'utf8')).toContain(
    'ARG TOOLBOX_IMAGE=registry.example.org/alice/kube-toolbox:latest\n',
  );
  for (const command of ['image', 'image-push']) {
    const ran = await runMain(project.cwd, [command], { env });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(`error CONTAINER_IMAGE_NOT_YOURS: \`image:\` is ${image}, which is not`);
    expect(ran.stderr).toContain('hint: leave it out, for registry.example.org/alice/example, or');
  }
  expect(calls).toThrow('ENOENT');
});

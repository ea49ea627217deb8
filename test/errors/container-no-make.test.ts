import { expect, it } from 'vitest';
import { runMain } from '../setup/run-main.ts';
import { imageProject } from '../container/image-project.ts';
import { planProblems } from '../container/plan-problems.ts';

const kube = 'project_name: example\nuser: alice\nnamespace: lab\n';

it.each([
  ['a foreign image', 'image: python:3.12-slim\n', 'make download file=data/; python a.py', 1],
  ['the project’s own image', '', 'make download file=data/', 0],
  ['the project’s own image by name', 'image: gitlab-registry.nrp-nautilus.io/alice/example:v2\n', 'make all', 0],
  ['a toolbox image', 'image: python\ntoolbox_image: lab/toolbox\n', 'make download file=data/', 0],
  ['an image that is said to have it', 'image: python\ntoolbox_image: null\n', 'make download file=data/', 0],
  ['no make', 'image: python\n', 'python make.py --make; cmake .; echo make', 0],
  ['make after something else', 'image: python\n', 'cd src && A=1 make all', 1],
  ['outputs', 'image: python\noutputs: [out/]\n', 'python a.py', 1],
  ['no outputs and no data', 'image: python\noutputs: []\ndata: null\n', 'python a.py', 0],
  ['data and a toolbox image', 'image: python\ndata: data/\ntoolbox_image: lab/toolbox\n', 'python a.py', 0],
  ['make in local runs only', 'image: python\n', '[make data;]() python a.py', 0],
])('CONTAINER_NO_MAKE: %s', async (_, fields, command, count) => {
  using project = imageProject();
  project.write('config/kube.yaml', kube + fields);
  project.write('config/launch.yaml', `model:\n  average:\n    command: ${JSON.stringify(command)}\n`);
  const found = (await planProblems(project.cwd)).filter(({ code }) => code === 'CONTAINER_NO_MAKE');
  expect(found).toHaveLength(count);
  for (const each of found) {
    expect(each).toMatchObject({ severity: 'warning', hint: expect.stringContaining('toolbox_image') });
    expect(each.location?.file.path).toBe('config/launch.yaml');
  }
});

it('CONTAINER_NO_MAKE is no matter of local runs', async () => {
  using project = imageProject();
  project.write('config/kube.yaml', `${kube}image: python\n`);
  project.write('config/launch.yaml', 'model: {average: {command: make all}}\n');
  expect((await runMain(project.cwd, ['local-dryrun'])).stderr).not.toContain('CONTAINER_NO_MAKE');
});

import { expect, it } from 'vitest';
import { imageProject } from '../container/image-project.ts';
import { planProblems } from '../container/plan-problems.ts';

const kube = 'project_name: example\nuser: alice\nnamespace: lab\n';

it.each([
  ['alone', 'sync_every: 5m\n', 1],
  ['beside outputs', 'sync_every: 5m\noutputs: [out/<name>/]\n', 0],
  ['not at all', '', 0],
])('CONTAINER_NO_OUTPUTS: sync_every %s', async (_, fields, count) => {
  using project = imageProject();
  project.write('config/kube.yaml', kube + fields);
  project.write('config/launch.yaml', 'model: {average: {command: python a.py}}\n');
  const found = (await planProblems(project.cwd)).filter(({ code }) => code === 'CONTAINER_NO_OUTPUTS');
  expect(found).toHaveLength(count);
  // <name> means the trial only in launch.yaml.
  const hint = expect.stringContaining('outputs: [out/<name>/] into config/launch.yaml');
  const location = { file: { path: 'config/kube.yaml' } };
  for (const each of found) expect(each).toMatchObject({ severity: 'warning', location, hint });
});

it.each([
  ['data', 'data: data/\n', '', 1],
  ['outputs of kube.yaml', 'outputs: [out/<name>/]\n', 'OTHER=x\n', 1],
  ['a bucket in .env', 'data: data/\n', 'S3_BUCKET_NAME=lab\n', 0],
  ['a bucket in env', 'data: data/\nenv: {S3_BUCKET_NAME: lab}\n', '', 0],
  ['buckets of a policy', 'data: data/\npolicy: nrp\n', '', 0],
  ['neither', 'outputs: []\n', '', 0],
])('CONTAINER_NO_BUCKET: %s', async (_, fields, dotenv, count) => {
  using project = imageProject();
  project.write('config/kube.yaml', kube + fields);
  project.write('config/launch.yaml', 'model: {average: {command: python a.py}}\n');
  project.write('.env', dotenv);
  const found = (await planProblems(project.cwd)).filter(({ code }) => code === 'CONTAINER_NO_BUCKET');
  expect(found).toHaveLength(count);
  for (const each of found) {
    expect(each).toMatchObject({ severity: 'warning', hint: expect.stringContaining('S3_BUCKET_NAME=') });
    expect(each.location?.file.path).toBe('config/kube.yaml');
  }
});

import { expect, it } from 'vitest';
import { ProjectFolder } from '../container/project-folder.ts';
import { writeRecord } from '../container/write-record.ts';
import { FakeS3Server } from '../fakes/s3-server.ts';
import { runMain } from '../setup/run-main.ts';

async function checkout(reference: string, env: Readonly<Record<string, string>> = {}) {
  using project = new ProjectFolder();
  project.write('a.py', '');
  project.commit();
  writeRecord(project, 'example-t', reference);
  return await runMain(project.cwd, ['checkout', '--run=example-t'], { env: { ...project.env, ...env } });
}

it('CONTAINER_CODE_MISSING: a snapshot of another machine, and no bucket', async () => {
  const { code, stderr } = await checkout(`snapshot:${'d'.repeat(64)}`);
  expect(code).toBe(3);
  expect(stderr).toContain('CONTAINER_CODE_MISSING: the snapshot dddddddddddd is neither in .toolbox/code/ nor in the bucket');
});

it('CONTAINER_CODE_MISSING: a snapshot that the bucket does not have', async () => {
  const server = new FakeS3Server();
  await server.start();
  const { code, stderr } = await checkout(`snapshot:${'d'.repeat(64)}`, server.env);
  await server.stop();
  expect(code).toBe(3);
  expect(stderr).toContain('it may have been removed from the bucket');
});

it('CONTAINER_CODE_MISSING: a commit of another clone', async () => {
  const { code, stderr } = await checkout(`git:${'c'.repeat(40)}`);
  expect(code).toBe(3);
  expect(stderr).toContain('CONTAINER_CODE_MISSING: commit cccccccccccc is not in this repository');
});

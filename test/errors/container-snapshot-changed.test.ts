import { appendFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { prepare } from '../container/prepare.ts';
import { ProjectFolder } from '../container/project-folder.ts';

it('CONTAINER_SNAPSHOT_CHANGED: a file that grows while it is packed', async () => {
  using project = new ProjectFolder();
  project.write('a.bin', Buffer.alloc(30_000_000));
  project.write('z.log', 'one line\n');
  const growing = setInterval(() => appendFileSync(project.path('z.log'), 'another line\n'), 0);
  try {
    await expect(prepare(project, 'snapshot')).rejects.toMatchObject({
      exitCode: 3,
      diagnostics: [{ code: 'CONTAINER_SNAPSHOT_CHANGED', message: 'z.log changed while the snapshot was packed' }],
    });
  } finally {
    clearInterval(growing);
  }
});

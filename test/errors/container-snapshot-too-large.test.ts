import { randomBytes } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { expect, it } from 'vitest';
import { maxSnapshotBytes } from '../../src/container/pack-snapshot.ts';
import { prepare } from '../container/prepare.ts';
import { ProjectFolder } from '../container/project-folder.ts';

it('CONTAINER_SNAPSHOT_TOO_LARGE: data that nobody ignored', async () => {
  using project = new ProjectFolder();
  project.write('data/images.bin', '');
  truncateSync(project.path('data/images.bin'), maxSnapshotBytes + 1);
  await expect(prepare(project, 'snapshot')).rejects.toMatchObject({
    exitCode: 2,
    diagnostics: [{ code: 'CONTAINER_SNAPSHOT_TOO_LARGE', hint: expect.stringContaining('data/images.bin (1024.0 MiB)') }],
  });
});

it('CONTAINER_SNAPSHOT_TOO_LARGE: more than ConfigMaps hold, and no bucket', async () => {
  using project = new ProjectFolder();
  project.write('weights.bin', randomBytes(3 * 1024 ** 2));
  await expect(prepare(project, 'snapshot')).rejects.toMatchObject({
    diagnostics: [{ code: 'CONTAINER_SNAPSHOT_TOO_LARGE', message: expect.stringContaining('without a bucket') }],
  });
});

import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { packSnapshot } from '../../src/container/pack-snapshot.ts';
import { ProjectFolder } from '../container/project-folder.ts';

it('CONTAINER_NAME_NOT_UTF8: a file that could not be found again', async () => {
  using project = new ProjectFolder();
  writeFileSync(Buffer.concat([Buffer.from(`${project.cwd}/bad`), Buffer.from([0xff])]), '');
  await expect(packSnapshot(project)).rejects.toMatchObject({
    exitCode: 2,
    diagnostics: [{ code: 'CONTAINER_NAME_NOT_UTF8', message: 'the name of bad\\xff is not valid UTF-8',
        hint: "rename it: mv $'bad\\xff' NEW, or put it into .gitignore",
      }],
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { runMain } from '../setup/run-main.ts';

it('CLI_CANNOT_WRITE: a file where init needs a folder', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cannot-write-'));
  await writeFile(path.join(folder, 'config'), '');
  const { code, stderr } = await runMain(folder, ['init']);
  await rm(folder, { recursive: true });
  expect(code).toBe(3);
  expect(stderr).toMatch(
    /^error CLI_CANNOT_WRITE: cannot write config\/launch\.yaml: EEXIST.*\n {2}hint: make the folder/,
  );
});

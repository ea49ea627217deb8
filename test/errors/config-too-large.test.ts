import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { loadSources } from '../../src/config/load.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';

it('CONFIG_TOO_LARGE: a file of 100 MB is refused by its size', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'too-large-'));
  await mkdir(path.join(folder, 'config'));
  const file = await open(path.join(folder, 'config/launch.yaml'), 'w');
  await file.truncate(100_000_000);
  await file.close();
  await writeFile(path.join(folder, 'config/kube.yaml'), 'user: jdoe\n');
  const sources = await loadSources({ cwd: folder });
  await rm(folder, { recursive: true });
  expect(sources.launch).toBeUndefined();
  expect(sources.kube?.text).toBe('user: jdoe\n');
  expect(sources.diagnostics).toMatchObject([
    { code: 'CONFIG_TOO_LARGE', message: 'config/launch.yaml is larger than 4 MiB' },
  ]);
});

it('CONFIG_TOO_LARGE: so is a small file of very many values', () => {
  const launch = new SourceFile('config/launch.yaml', `model: [${'[],'.repeat(200_000)}]`);
  const read = readConfig({ launch, folder: 'project', diagnostics: [] });
  expect(read.diagnostics.map((each) => each.code)).toEqual(['CONFIG_TOO_LARGE']);
});

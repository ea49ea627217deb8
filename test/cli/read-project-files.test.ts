import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readProjectFiles } from '../../src/cli/render/read-project-files.ts';

it("refuses the toolbox's own files, behind a link too", () => {
  const root = mkdtempSync(join(tmpdir(), 'ktb-files-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, '.toolbox'));
  mkdirSync(join(root, 'src'));
  writeFileSync(join(root, '.toolbox/secret-key'), 'key');
  symlinkSync('../.toolbox/secret-key', join(root, 'src/key'));
  const read = readProjectFiles(root);
  for (const [entry, name] of [
    ['.toolbox', '.toolbox'],
    ['src', 'src/key'],
  ] as const)
    expect(read(entry)).toMatchObject({
      ok: false,
      diagnostics: [
        { message: `\`file:\` has ${name}, which is the toolbox's own and stays on this machine` },
      ],
    });
});

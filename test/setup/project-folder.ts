import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A project in a folder of its own that is gone when it is disposed of: relative path → content. */
export function projectFolder(files: Readonly<Record<string, string | Uint8Array>>): {
  readonly root: string;
  readonly [Symbol.dispose]: () => void;
} {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'ktb-project-')));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

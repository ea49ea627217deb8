import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The folder of this package, where `schemas/`, `templates/` and the Makefile are: the nearest one above this
 * code with the package's manifest, since the code runs from `src/`, `dist/` and `dist/chunks/`.
 */
export function packageRoot(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown };
      if (name === 'kube-toolbox') return folder;
    }
    if (folder === path.dirname(folder)) throw new Error(`no package above ${import.meta.dirname}`);
  }
}

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSources } from '../../src/config/load.ts';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { formatDiagnostics } from '../../src/diagnostics/format-diagnostic.ts';
import { assemble } from '../../src/matrix/assemble.ts';
import { expand } from '../../src/matrix/expand.ts';
import { readProject } from '../../src/matrix/read-project.ts';
import { expectGolden } from '../setup/golden.ts';
import { codeOf } from './code-of.ts';

// A folder beside this file that has the name of a code is a project with that wrong in it, and
// expected.txt there is what is printed. To add a case: make the folder, then UPDATE_GOLDEN=1 npx vitest run
// test/errors, and read what it wrote.

const here = import.meta.dirname;
const folders = readdirSync(here, { withFileTypes: true }).filter((each) => each.isDirectory() && codeOf(each.name) !== undefined);

describe('what is printed of a project with errors', () => {
  it.each(folders.map((each) => each.name))('%s', async (name) => {
    const folder = path.join(here, name);
    const diagnostics = await problemsIn(folder);
    expect(diagnostics.map((each) => each.code)).toContain(codeOf(name));
    const text = `${formatDiagnostics(diagnostics, { color: false })}\n`.replaceAll(folder, 'FOLDER');
    expect(text).not.toMatch(/canary/);
    expectGolden(text, path.join(folder, 'expected.txt'));
  });
});

/** What every command that plans says of a project: the pure part of the line. */
async function problemsIn(folder: string): Promise<readonly Diagnostic[]> {
  const config = readProject(await loadSources({ cwd: folder }));
  if (!config.ok) return config.diagnostics;
  const matrix = expand(config.value);
  if (!matrix.ok) return [...config.diagnostics, ...matrix.diagnostics];
  const plan = assemble(config.value, matrix.value, { side: 'local' });
  return [...config.diagnostics, ...matrix.diagnostics, ...plan.diagnostics];
}

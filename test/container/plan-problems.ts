import { loadSources } from '../../src/config/load.ts';
import { readConfig } from '../../src/config/read-config.ts';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { assemble } from '../../src/matrix/assemble.ts';
import { expand } from '../../src/matrix/expand.ts';

/** What the line says of a project that goes to the cluster. */
export async function planProblems(cwd: string): Promise<readonly Diagnostic[]> {
  const config = readConfig(await loadSources({ cwd }));
  if (!config.ok) return config.diagnostics;
  const matrix = expand(config.value);
  if (!matrix.ok) return matrix.diagnostics;
  return assemble(config.value, matrix.value, { side: 'remote' }).diagnostics;
}

import type { Config } from '../config/config.ts';
import { inFileOrder } from '../config/in-file-order.ts';
import type { Sources } from '../config/load.ts';
import { readConfig } from '../config/read-config.ts';
import type { Checked, Diagnostic } from '../diagnostics/diagnostic.ts';
import { assemble } from './assemble.ts';
import { expand } from './expand.ts';

/**
 * The configuration, or every problem of the files, be it found in the text or only in the matrix: someone
 * who has misspelt a key in one model and a placeholder in another is told of both at once.
 */
export function readProject(sources: Sources): Checked<Config> {
  const read = readConfig(sources);
  if (read.ok || read.remainder === undefined) return read;
  const files = [sources.launch, sources.kube, sources.dotenv];
  return { ok: false, diagnostics: inFileOrder([...read.diagnostics, ...problemsOf(read.remainder)], files) };
}

function problemsOf(config: Config): readonly Diagnostic[] {
  const matrix = expand(config);
  if (!matrix.ok) return [];
  // Which side will run is not known here, so an empty one is no problem yet.
  const { diagnostics } = assemble(config, matrix.value, { side: 'remote' });
  return diagnostics.filter(({ code, severity }) => severity === 'error' && code !== 'MATRIX_EMPTY_COMMAND');
}

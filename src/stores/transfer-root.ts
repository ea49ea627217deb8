import { resolve } from 'node:path';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { printable } from './safe-key.ts';

/**
 * The folder that `local_path` names. A `~` that no shell has expanded would become a folder of that name.
 *
 * @throws DiagnosticError (exit 2) where it begins with `~`
 */
export function transferRoot(project: string, localPath = '.'): string {
  if (!localPath.startsWith('~')) return resolve(project, localPath);
  const message = `"${printable(localPath)}" begins with a ~ that the shell has not expanded`;
  const hint = 'write the whole path, or $HOME/x; ./~ for a folder of that name';
  throw new DiagnosticError(errorDiagnostic('CLI_BAD_VALUE', message, { hint }), 2);
}

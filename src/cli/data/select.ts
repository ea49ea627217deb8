import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { parseSelection, type Selection, type SelectionOptions } from '../../stores/selection.ts';

/**
 * What `file=` and the filters mean in this project.
 *
 * @throws DiagnosticError (exit 2) where it lies outside
 */
export function select(file: string, options: SelectionOptions, { cwd }: Pick<Context, 'cwd'>): Selection {
  const selection = parseSelection(file, cwd, options);
  if (!selection.ok) throw new DiagnosticError(selection.diagnostics, ExitCode.usage);
  return selection.value;
}

import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { parseSelection, type Selection, type SelectionOptions } from '../../stores/selection.ts';

/**
 * What `file=` and the filters mean in this project.
 *
 * @throws DiagnosticError (exit 2) where it lies outside
 */
export function select(file: string, options: SelectionOptions, context: Context): Selection {
  const selection = parseSelection(file, context.cwd, options);
  if (!selection.ok) throw new DiagnosticError(selection.diagnostics, ExitCode.usage);
  return selection.value;
}

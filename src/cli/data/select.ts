import type { Context } from '../../context.ts';
import { type Checked, DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { parseRemoval } from '../../stores/parse-removal.ts';
import { parseSelection, type Selection, type SelectionOptions } from '../../stores/selection.ts';

/**
 * What `file=` and the filters mean in this project.
 *
 * @throws DiagnosticError (exit 2) where it lies outside
 */
export function select(file: string, options: SelectionOptions, { cwd }: Pick<Context, 'cwd'>): Selection {
  return valid(parseSelection(file, cwd, options));
}

/** The same of what is to be removed. @throws DiagnosticError (exit 2) also where it goes down and up again */
export function selectToRemove(
  file: string,
  options: SelectionOptions,
  { cwd }: Pick<Context, 'cwd'>,
): Selection {
  return valid(parseRemoval(file, cwd, options));
}

function valid(selection: Checked<Selection>): Selection {
  if (!selection.ok) throw new DiagnosticError(selection.diagnostics, ExitCode.usage);
  return selection.value;
}

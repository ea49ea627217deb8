import type { Context } from '../context.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { diagnosticToJson, formatDiagnostic } from '../diagnostics/format-diagnostic.ts';

/** Prints diagnostics: for people on standard error, with `json` one object a line on standard output. */
export function reportDiagnostics(
  diagnostics: readonly Diagnostic[],
  context: Context,
  options: { readonly json?: boolean; readonly verbose?: boolean } = {},
): void {
  const color = context.stderr.isTTY === true && !context.env['NO_COLOR'];
  for (const diagnostic of diagnostics) {
    if (options.json === true) context.stdout.write(`${JSON.stringify(diagnosticToJson(diagnostic))}\n`);
    else context.stderr.write(`${formatDiagnostic(diagnostic, { color })}\n`);
    if (options.verbose === true && diagnostic.cause instanceof Error) {
      context.stderr.write(`  caused by: ${diagnostic.cause.stack ?? diagnostic.cause.message}\n`);
    }
  }
}

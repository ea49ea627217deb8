import type { Context } from '../context.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { diagnosticToJson, formatDiagnostics } from '../diagnostics/format-diagnostic.ts';

/** Prints diagnostics: for people on standard error, with `json` one object a line on standard output. */
export function reportDiagnostics(
  diagnostics: readonly Diagnostic[],
  context: Context,
  options: { readonly json?: boolean; readonly verbose?: boolean } = {},
): void {
  const color = context.stderr.isTTY === true && !context.env['NO_COLOR'];
  if (options.json === true) {
    for (const each of diagnostics) context.stdout.write(`${JSON.stringify(diagnosticToJson(each))}\n`);
  } else if (diagnostics.length > 0) {
    context.stderr.write(`${formatDiagnostics(diagnostics, { color })}\n`);
  }
  for (const diagnostic of diagnostics) {
    if (options.verbose === true && diagnostic.cause instanceof Error) {
      context.stderr.write(`  caused by: ${diagnostic.cause.stack ?? diagnostic.cause.message}\n`);
    }
  }
}

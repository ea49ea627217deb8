import { applyEdits, modify, type ParseError, parse } from 'jsonc-parser';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { SourceFile } from '../../diagnostics/source-file.ts';
import { ExitCode } from '../../exit-code.ts';
import { type DebugEntry, entryPrefix } from './debug-entry.ts';

const formattingOptions = { tabSize: 2, insertSpaces: true };

/**
 * `.vscode/launch.json` with our entries in place of those an earlier call wrote. The user's own entries,
 * comments and formatting stay.
 *
 * @throws DiagnosticError (exit 2) where the file is not JSON with comments
 */
export function mergeLaunchJson(before: string | undefined, entries: readonly DebugEntry[]): string {
  let text = before?.trim() ? before : '{\n  "version": "0.2.0",\n  "configurations": []\n}\n';
  const errors: ParseError[] = [];
  const written = parse(text, errors, { allowTrailingComma: true }) as
    | { configurations?: unknown[] }
    | undefined;
  const [error] = errors;
  if (error !== undefined || typeof written !== 'object' || written === null) {
    const file = new SourceFile('.vscode/launch.json', text);
    const location = { file, offset: error?.offset ?? 0, length: Math.max(error?.length ?? 1, 1) };
    const hint = 'mend it, or move it away, and try again';
    throw new DiagnosticError(
      errorDiagnostic('LOCAL_LAUNCH_JSON', '.vscode/launch.json is not JSON', { location, hint }),
      ExitCode.usage,
    );
  }
  const own = (written.configurations ?? []).map(isOurs);
  // From the end, so that the positions of those before stay true.
  for (let index = own.length - 1; index >= 0; index--) {
    if (own[index])
      text = applyEdits(text, modify(text, ['configurations', index], undefined, { formattingOptions }));
  }
  for (const entry of entries) {
    text = applyEdits(
      text,
      modify(text, ['configurations', -1], entry, { formattingOptions, isArrayInsertion: true }),
    );
  }
  return text;
}

function isOurs(entry: unknown): boolean {
  const name = (entry as { name?: unknown } | null)?.name;
  return typeof name === 'string' && name.startsWith(entryPrefix);
}

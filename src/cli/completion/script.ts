import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { packageRoot } from '../../package-root.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

/** The text to source, for `shell` or the one the user works in. @throws DiagnosticError where neither says */
export async function readScript(
  shell: (typeof shells)[number] | undefined,
  context: Context,
): Promise<string> {
  const own = path.basename(context.env['SHELL'] ?? '');
  const chosen = shell ?? shells.find((name) => name === own);
  if (chosen === undefined) {
    throw new DiagnosticError(
      errorDiagnostic('CLI_MISSING_VALUE', `there is no completion for the shell "${own}"`, {
        hint: `write shell=bash, shell=zsh or shell=fish`,
      }),
      ExitCode.usage,
    );
  }
  return await readFile(path.join(packageRoot(), 'templates/completion', `ktb.${chosen}`), 'utf8');
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Diagnostic, DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import { asList } from './local-outputs.ts';
import { type Environment, findOnPath } from './local-python.ts';

/** Absolute path of bash. @throws DiagnosticError LOCAL_NO_BASH */
export function findBash(env: Environment): string {
  const bash = findOnPath('bash', env);
  if (bash !== undefined) return bash;
  throw new DiagnosticError(
    errorDiagnostic('LOCAL_NO_BASH', 'there is no bash on PATH, and trials run in bash', {
      hint: 'install it, for example: apt-get install bash',
    }),
    ExitCode.failed,
  );
}

/** At most this many missing paths are listed. */
const listed = 20;

/**
 * All of `data` must be here before the first trial starts: better told now than by the 300th trial at night.
 *
 * @throws DiagnosticError LOCAL_MISSING_DATA, once for each path
 */
export function checkData(root: string, specs: Iterable<JobSpec>): void {
  const missing = new Map<string, string>();
  const seen = new Set<string>();
  for (const spec of specs) {
    for (const path of asList(spec.fields.data)) {
      if (seen.has(path)) continue;
      seen.add(path);
      if (!existsSync(resolve(root, path))) missing.set(path, spec.name);
    }
  }
  if (missing.size === 0) return;
  const diagnostics: Diagnostic[] = [...missing].slice(0, listed).map(([path, name]) =>
    errorDiagnostic('LOCAL_MISSING_DATA', `"${path}", data of ${name}, is not here`, {
      hint: `type: make download file=${path}`,
    }),
  );
  const last = diagnostics.at(-1);
  if (missing.size > listed && last !== undefined) {
    diagnostics.push({
      ...last,
      message: `${missing.size - listed} more paths of data are not here`,
      hint: undefined,
    });
  }
  throw new DiagnosticError(diagnostics, ExitCode.failed);
}

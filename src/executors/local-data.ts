import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { normalize } from 'node:path/posix';
import { type Diagnostic, DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { isGlob, parseGlob } from '../glob.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import { quoteForShell } from '../matrix/shell-quote.ts';
import { asList } from './local-outputs.ts';

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
      if (!isHere(root, path)) missing.set(path, spec.name);
    }
  }
  if (missing.size === 0) return;
  const diagnostics: Diagnostic[] = [...missing].slice(0, listed).map(([path, name]) =>
    errorDiagnostic('LOCAL_MISSING_DATA', `"${path}", data of ${name}, is not here`, {
      hint: `type: make download file=${quoteForShell(path)}`,
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

/** Whether a path is there, or a file that it matches, as `make download file=` would bring it. */
function isHere(root: string, path: string): boolean {
  if (existsSync(resolve(root, path))) return true;
  if (!isGlob(path)) return false;
  const pattern = normalize(path.endsWith('/') ? `${path}*` : path);
  const { prefix, matches } = parseGlob(pattern);
  return hasMatch(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), matches, new Set());
}

/** @param above real folders on the way down to this one: links may lead in a circle */
function hasMatch(
  root: string,
  folder: string,
  matches: (key: string) => boolean,
  above: ReadonlySet<string>,
): boolean {
  try {
    const real = realpathSync(join(root, folder));
    if (above.has(real)) return false;
    const here = new Set([...above, real]);
    return readdirSync(real, { withFileTypes: true }).some((entry) => {
      const key = `${folder}${entry.name}`;
      if (matches(key) && isFile(join(real, entry.name))) return true;
      return (entry.isDirectory() || entry.isSymbolicLink()) && hasMatch(root, `${key}/`, matches, here);
    });
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

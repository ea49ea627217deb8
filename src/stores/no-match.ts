import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findBrokenLink } from '../broken-link.ts';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { isGlob } from '../glob.ts';
import { inTheWay } from './make-folder.ts';
import { printable } from './safe-key.ts';
import { parseSelection, type Selection, type SelectionOptions } from './selection.ts';
import { shownPath } from './shown-path.ts';

/**
 * What to throw where nothing is left of what `file=` means. `find` counts what a selection matches; it is asked where
 * filters may have taken all away.
 */
export async function noMatch(
  noun: 'file' | 'key',
  where: string,
  asked: SelectionOptions & { readonly file: string; readonly root: string; readonly project?: string },
  find: (all: Selection) => Promise<number>,
): Promise<DiagnosticError> {
  const { file, root, project = root, include = [], exclude = [] } = asked;
  const filters = [include.length > 0 ? 'include=' : '', exclude.length > 0 ? 'exclude=' : ''].filter(
    (name) => name !== '',
  );
  const all = filters.length > 0 ? parseSelection(file, root) : undefined;
  const before = all?.ok === true ? await find(all.value) : 0;
  const named = noun === 'file' ? nameOf(file, root) : undefined;
  const link = named === undefined ? undefined : findBrokenLink(root, named);
  const diagnostic =
    before > 0
      ? errorDiagnostic(
          'S3_NO_MATCH',
          `of ${before} ${noun}${before === 1 ? '' : 's'} ${where} that "${printable(file)}" matches, ${filters.join(' and ')} ${filters.length === 1 ? 'leaves' : 'leave'} none`,
          { hint: 'a pattern without / may match the last part of a key alone, and * matches / too' },
        )
      : link !== undefined
        ? errorDiagnostic('S3_NO_MATCH', `${shownPath(join(root, link.path), project)} is ${link.what}`, {
            hint: 'mend the link, or name the file that is meant',
          })
        : errorDiagnostic('S3_NO_MATCH', `no ${noun} ${where} matches "${printable(file)}"`, {
            hint: noun === 'key' ? 'make list shows what is there' : hintForFiles(named, root, project),
          });
  return new DiagnosticError(diagnostic, 1);
}

/** The file or folder below `root` that is meant, where that is no pattern. */
function nameOf(file: string, root: string): string | undefined {
  const selection = parseSelection(file, root);
  return selection.ok && !isGlob(file) ? (selection.value.exact ?? selection.value.folder) : undefined;
}

function hintForFiles(named: string | undefined, root: string, project: string): string {
  const obstacle = inTheWay(root, project);
  if (obstacle !== undefined) return `${obstacle}; local_path= takes the one that file= is below`;
  if (!existsSync(root)) return 'there is no such folder; local_path= says where the files are';
  if (named === undefined) return 'quote patterns, so that the shell leaves them alone';
  const above = named.slice(0, Math.max(0, named.lastIndexOf('/')));
  const within = inTheWay(join(root, above), project);
  if (within !== undefined) return `${within}, so nothing is below it`;
  return 'write the path as it is seen from that folder; empty folders are not uploaded';
}

import { existsSync } from 'node:fs';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { isGlob } from '../glob.ts';
import { inTheWay } from './make-folder.ts';
import { printable } from './safe-key.ts';
import { parseSelection, type Selection, type SelectionOptions } from './selection.ts';

/**
 * What to throw where nothing is left of what `file=` means. `find` counts what a selection matches; it is asked where
 * filters may have taken all away.
 */
export async function noMatch(
  noun: 'file' | 'key',
  where: string,
  asked: SelectionOptions & { readonly file: string; readonly root: string },
  find: (all: Selection) => Promise<number>,
): Promise<DiagnosticError> {
  const { file, root, include = [], exclude = [] } = asked;
  const filters = [include.length > 0 ? 'include=' : '', exclude.length > 0 ? 'exclude=' : ''].filter(
    (name) => name !== '',
  );
  const all = filters.length > 0 ? parseSelection(file, root) : undefined;
  const before = all?.ok === true ? await find(all.value) : 0;
  const diagnostic =
    before > 0
      ? errorDiagnostic(
          'S3_NO_MATCH',
          `of ${before} ${noun}${before === 1 ? '' : 's'} ${where} that "${printable(file)}" matches, ${filters.join(' and ')} ${filters.length === 1 ? 'leaves' : 'leave'} none`,
          { hint: 'a pattern without / may match the last part of a key alone, and * matches / too' },
        )
      : errorDiagnostic('S3_NO_MATCH', `no ${noun} ${where} matches "${printable(file)}"`, {
          hint: noun === 'key' ? 'make list shows what is there' : hintForFiles(file, root),
        });
  return new DiagnosticError(diagnostic, 1);
}

function hintForFiles(file: string, root: string): string {
  const obstacle = inTheWay(root);
  if (obstacle !== undefined)
    return `${printable(obstacle)} is no folder; local_path= takes the one that file= is below`;
  if (!existsSync(root)) return 'there is no such folder; local_path= says where the files are';
  if (isGlob(file)) return 'quote patterns, so that the shell leaves them alone';
  return 'write the path as it is seen from that folder; empty folders are not uploaded';
}

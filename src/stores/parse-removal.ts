import { normalize } from 'node:path/posix';
import { type Checked, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { printable } from './safe-key.ts';
import { parseSelection, type Selection, type SelectionOptions } from './selection.ts';

/**
 * What is to be removed, as {@link parseSelection} reads it. A path that goes down and up again is refused: a key may be
 * called `data/..`, a listing shows it, and whoever removes it by that name would remove all of the folder above.
 */
export function parseRemoval(text: string, root: string, options: SelectionOptions = {}): Checked<Selection> {
  if (!/(?:^|\/)(?!\.{1,2}\/)[^/]+\/\.\.(?:\/|$)/.test(text)) return parseSelection(text, root, options);
  const message = `"${printable(text)}" goes down and up again: it would mean "${printable(normalize(text))}"`;
  const hint = 'write that, or name a key that has ".." in it by a pattern: data/?./x';
  return { ok: false, diagnostics: [errorDiagnostic('S3_KEY_REFUSED', message, { hint })] };
}

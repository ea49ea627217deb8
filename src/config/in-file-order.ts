import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';

/** What a person can take in at once, and a terminal can show. */
const most = 50;

/**
 * Diagnostics in the order of the files and of the places in them, those of no place first; each once,
 * though an anchor may have brought it up many times; and no more than a person reads.
 */
export function inFileOrder(
  diagnostics: readonly Diagnostic[],
  files: readonly (SourceFile | undefined)[],
): readonly Diagnostic[] {
  const rank = ({ location }: Diagnostic) => (location === undefined ? -1 : files.indexOf(location.file));
  const sorted = diagnostics.toSorted(
    (a, b) => rank(a) - rank(b) || (a.location?.offset ?? 0) - (b.location?.offset ?? 0),
  );
  const seen = new Set<string>();
  const distinct = sorted.filter((each) => {
    // Keys that are missing all stand at the beginning of the file, without a length.
    const { offset = 0, length = 0 } = each.location ?? {};
    const key = `${each.code} ${rank(each)} ${offset} ${length > 0 ? '' : each.message}`;
    return !seen.has(key) && seen.add(key);
  });
  if (distinct.length <= most) return distinct;
  const rest = distinct.slice(most);
  const severity = rest.some((each) => each.severity === 'error') ? 'error' : 'warning';
  const message = `and ${rest.length} more problems`;
  return [...distinct.slice(0, most), { code: 'CONFIG_MORE', severity, message, hint: 'mend these first' }];
}

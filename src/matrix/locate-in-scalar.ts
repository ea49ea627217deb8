import type { Location } from '../diagnostics/diagnostic.ts';

/**
 * The place of a piece of a YAML value in the file. The value may be folded, indented or quoted there, so the
 * piece is found as the same occurrence of its text; where the file writes it differently (an escape), or
 * more often than the value has it (a comment), the whole value's location is the answer.
 */
export function locateInScalar(
  location: Location | undefined,
  value: string,
  start: number,
  end: number,
): Location | undefined {
  if (location === undefined || end <= start) return location;
  const piece = value.slice(start, end);
  const written = location.file.text.slice(location.offset, location.offset + location.length);
  let at = -1;
  let inFile = -1;
  let found: number | undefined;
  do {
    at = value.indexOf(piece, at + 1);
    inFile = written.indexOf(piece, inFile + 1);
    if (at === start) found = inFile;
  } while (at !== -1 && inFile !== -1);
  if (found === undefined || found === -1 || at !== inFile) return location;
  return { file: location.file, offset: location.offset + found, length: piece.length };
}

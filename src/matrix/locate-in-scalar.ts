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
  const inValue = occurrences(value, piece);
  const inFile = occurrences(written, piece);
  const at = inFile[inValue.indexOf(start)];
  if (at === undefined || inValue.length !== inFile.length) return location;
  return { file: location.file, offset: location.offset + at, length: piece.length };
}

function occurrences(text: string, piece: string): readonly number[] {
  const found: number[] = [];
  for (let at = text.indexOf(piece); at !== -1; at = text.indexOf(piece, at + 1)) found.push(at);
  return found;
}

/** A text with wildcards: `*` stands for any text, `?` for one character; a list of pieces between the `*`. */
export type Glob = readonly (readonly (string | undefined)[])[];

/** Characters that were quoted are never wildcards. */
export function makeGlob(characters: readonly { readonly char: string; readonly quoted: boolean }[]): Glob {
  const pieces: (string | undefined)[][] = [[]];
  for (const { char, quoted } of characters) {
    if (char === '*' && !quoted) pieces.push([]);
    else pieces.at(-1)?.push(char === '?' && !quoted ? undefined : char);
  }
  return pieces;
}

/** Whether the whole text matches. Each piece is taken at its first place, so nothing is tried twice over. */
export function matchesGlob(glob: Glob, text: string): boolean {
  const characters = [...text];
  const first = glob[0] ?? [];
  if (!fits(first, characters, 0)) return false;
  if (glob.length === 1) return first.length === characters.length;
  const last = glob.at(-1) ?? [];
  const end = characters.length - last.length;
  let at = first.length;
  for (const piece of glob.slice(1, -1)) {
    while (at + piece.length <= end && !fits(piece, characters, at)) at++;
    at += piece.length;
  }
  return at <= end && fits(last, characters, end);
}

function fits(piece: readonly (string | undefined)[], characters: readonly string[], at: number): boolean {
  return piece.every((char, i) => {
    const other = characters[at + i];
    return other !== undefined && (char === undefined || char === other);
  });
}

/**
 * The known name that a misspelt one most likely meant, or `undefined` when none is near. Case, `-` and `_`
 * count for nothing; otherwise a third of the letters may be wrong, missing, too many or swapped. A name of
 * three letters or more also means the only known name that it begins.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = plain(name);
  if (wanted.length === 0 || wanted.length > 64) return undefined;
  const most = Math.max(1, Math.floor(wanted.length / 3));
  let nearest: string | undefined;
  let least = most + 1;
  const begun: string[] = [];
  for (const each of known) {
    const candidate = plain(each);
    if (wanted.length >= 3 && candidate.startsWith(wanted)) begun.push(each);
    if (Math.abs(candidate.length - wanted.length) >= least) continue;
    const distance = editDistance(wanted, candidate);
    // Two letters have nothing in common when both differ.
    if (distance < least && distance < Math.max(wanted.length, candidate.length)) {
      nearest = each;
      least = distance;
    }
  }
  return nearest ?? (begun.length === 1 ? begun[0] : undefined);
}

/** `did you mean "x"?`, or `undefined` when no known name is near. */
export function hintFor(
  name: string,
  known: Iterable<string>,
  write: (name: string) => string = (each) => each,
): string | undefined {
  const near = nearestName(name, known);
  return near === undefined ? undefined : `did you mean "${write(near)}"?`;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]+/g, '');
}

/** Optimal string alignment: insertions, deletions, replacements, and swaps of neighbours, each one edit. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((row[j - 1] ?? 0) + 1, (previous[j] ?? 0) + 1, (previous[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

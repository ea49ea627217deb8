/** The name a misspelt one most likely meant, or `undefined` when none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const lower = name.toLowerCase();
  for (const each of known)
    if (each.toLowerCase() === lower || each.startsWith(name) || name.startsWith(each)) return each;
  return undefined;
}

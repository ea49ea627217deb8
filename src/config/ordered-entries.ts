import type { Locate } from './config.ts';

/**
 * The entries of a mapping in file order. An object has keys such as `18` first, wherever they were written,
 * so with one of those the places in the file decide.
 */
export function orderedEntries<T>(
  mapping: Readonly<Record<string, T>>,
  path: readonly string[],
  locate: Locate,
): readonly [string, T][] {
  const entries = Object.entries(mapping);
  if (!entries.some(([key]) => /^\d+$/.test(key))) return entries;
  const placeOf = (key: string) => locate('launch', [...path, key], 'key')?.offset ?? 0;
  return entries.toSorted(([a], [b]) => placeOf(a) - placeOf(b));
}

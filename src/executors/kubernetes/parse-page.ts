const key = '"managedFields":[';

/**
 * The JSON of a listing without `metadata.managedFields`, which nothing here reads: they are up to half of the
 * text and, all keys and no values, take most of the time that parsing takes.
 */
export function parsePage<T>(text: string): T {
  const cut = withoutManagedFields(text);
  if (cut === text) return JSON.parse(text) as T;
  try {
    return JSON.parse(cut) as T;
  } catch {
    // A name with a bracket in it, at which the cut ended too early.
    return JSON.parse(text) as T;
  }
}

/**
 * Cut out of the text. In JSON the key cannot be part of a string, where its quotes would be escaped; and as the
 * fields within are maps of maps, the first bracket that closes after it is their end unless it is part of a name.
 */
export function withoutManagedFields(text: string): string {
  const kept: string[] = [];
  let from = 0;
  for (let at = text.indexOf(key); at !== -1; at = text.indexOf(key, from)) {
    const end = text.indexOf(']', at) + 1;
    if (end === 0) break;
    const isFirst = text[at - 1] !== ',';
    kept.push(text.slice(from, isFirst ? at : at - 1));
    from = isFirst && text[end] === ',' ? end + 1 : end;
  }
  if (from === 0) return text;
  kept.push(text.slice(from));
  return kept.join('');
}

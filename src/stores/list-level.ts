import { DiagnosticError } from '../diagnostics/diagnostic.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { parseSelection } from './selection.ts';

export interface Level {
  /** Keys with their last `/`. */
  readonly folders: readonly string[];
  readonly objects: readonly ObjectInfo[];
}

/** One level of keys below a folder, or what of it matches a pattern; a key that is itself an object comes too. */
export async function listLevel(
  store: ObjectStore,
  file: string,
  options: { readonly root: string; readonly signal: AbortSignal },
): Promise<Level> {
  const selection = parseSelection(file, options.root);
  if (!selection.ok) throw new DiagnosticError(selection.diagnostics, 2);
  const { exact, prefix, matches } = selection.value;
  const { signal } = options;
  const objects: ObjectInfo[] = [];
  const folders: string[] = [];
  for await (const page of store.list({ prefix, shallow: true, signal })) {
    // The folder's own marker is not in the folder.
    objects.push(...page.objects.filter(({ key }) => key !== prefix && matches(key)));
    folders.push(...page.folders.filter(matches));
  }
  if (exact !== undefined && !exact.startsWith(prefix)) {
    const object = await store.head(exact, signal);
    if (object !== undefined) objects.unshift(object);
  }
  return { folders, objects };
}

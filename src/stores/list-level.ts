import { DiagnosticError } from '../diagnostics/diagnostic.ts';
import { isGlob } from '../glob.ts';
import { findObjects } from './find-objects.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { parseSelection } from './selection.ts';

export interface Level {
  /** Keys with their last `/`. */
  readonly folders: readonly string[];
  readonly objects: readonly ObjectInfo[];
}

/** One level of the keys that `file` means: what is below a folder, or what matches; a key of that very name comes too. */
export async function listLevel(
  store: ObjectStore,
  file: string,
  options: { readonly root: string; readonly signal: AbortSignal },
): Promise<Level> {
  const selection = parseSelection(file, options.root);
  if (!selection.ok) throw new DiagnosticError(selection.diagnostics, 2);
  const { exact, prefix, matches } = selection.value;
  const { signal } = options;
  // What matches may lie at any depth, unless all does that begins so.
  if (isGlob(file) && file !== `${prefix}*`)
    return levelOf(await findObjects(store, selection.value, signal), selection.value.folder);
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

function levelOf(found: readonly ObjectInfo[], folder: string): Level {
  const folders = new Set<string>();
  const objects: ObjectInfo[] = [];
  for (const object of found) {
    const cut = object.key.indexOf('/', folder.length);
    if (cut !== -1) folders.add(object.key.slice(0, cut + 1));
    else if (object.key !== folder) objects.push(object);
  }
  return { folders: [...folders], objects };
}

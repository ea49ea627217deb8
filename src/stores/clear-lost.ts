import { dirname } from 'node:path/posix';
import { chunkSize } from './file-digest.ts';
import { isSystemError } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import type { SafeTargets } from './safe-target.ts';
import type { Selection } from './selection.ts';
import type { TemporaryFiles } from './temporary-files.ts';

/**
 * Removes what killed downloads have left of objects that are gone, or are too small now to come in ranges, since nobody will ever go on with them. Looked into
 * are the folders of the objects that a complete listing has told of; where it told of none, those that were meant.
 */
export function clearLost(
  { name }: Pick<ObjectStore, 'name'>,
  { exact, folder, matches }: Selection,
  objects: readonly ObjectInfo[],
  { targets, temporaries }: { readonly targets: SafeTargets; readonly temporaries: TemporaryFiles },
): void {
  const isGone = (of: { readonly store: string; readonly key: string }) =>
    // What a damaged list says may be anything.
    of.store === name &&
    typeof of.key === 'string' &&
    matches(of.key) &&
    !objects.some(({ key, size }) => key === of.key && size > chunkSize);
  if (objects.length === 0) {
    targets.folder(folder);
    if (exact?.includes('/') === true) targets.folder(dirname(exact));
  }
  for (const each of targets.folders()) {
    try {
      temporaries.cleanUp(each, isGone);
    } catch (error) {
      // What may not be read or written here keeps nobody from downloading elsewhere.
      if (!isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS')) throw error;
    }
  }
}

import { dirname } from 'node:path/posix';
import { chunkSize } from './file-digest.ts';
import { isSystemError } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import type { SafeTargets } from './safe-target.ts';
import type { Selection } from './selection.ts';
import type { TemporaryFiles } from './temporary-files.ts';

/**
 * Removes what killed downloads have left and nobody will ever go on with: of objects that are gone, that are too small
 * now to come in ranges, or that have come whole by another download. Looked into are the folders of the objects that
 * a complete listing has told of; where it told of none, those that were meant.
 *
 * @param planned those that are to be fetched now
 */
export function clearLost(
  { name }: Pick<ObjectStore, 'name'>,
  { exact, folder, matches }: Selection,
  { objects, planned }: { readonly objects: readonly ObjectInfo[]; readonly planned: readonly ObjectInfo[] },
  { targets, temporaries }: { readonly targets: SafeTargets; readonly temporaries: TemporaryFiles },
): void {
  const isWhole = ({ key, size }: ObjectInfo): boolean => {
    if (planned.some((each) => each.key === key)) return false;
    const target = targets.file(key);
    return 'path' in target && target.existing?.size === size;
  };
  const isGone = (of: { readonly store: string; readonly key: string }) =>
    // What a damaged list says may be anything.
    of.store === name &&
    typeof of.key === 'string' &&
    matches(of.key) &&
    !objects.some((each) => each.key === of.key && each.size > chunkSize && !isWhole(each));
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

import { compareAtOnce } from './compare-pair.ts';
import type { DigestCache } from './digest-cache.ts';
import { findPages } from './find-objects.ts';
import { findLocalFiles, type LocalFile, type LocalFiles } from './local-file.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import type { Selection } from './selection.ts';

interface Sides {
  readonly local: LocalFiles;
  /** The keys of files that are known to be there. */
  readonly same: ReadonlySet<string>;
  /** All other objects, by their keys. */
  readonly remote: ReadonlyMap<string, ObjectInfo>;
}

/**
 * Looks at both sides at once: while the server is at one page of its listing, there is time for thousands of files and
 * for what the page before tells of them.
 */
export async function compareAsListed(
  store: ObjectStore,
  {
    root,
    selection,
    cache,
    onKeys,
    signal,
  }: {
    readonly root: string;
    readonly selection: Selection;
    readonly cache: DigestCache;
    readonly onKeys: (keys: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<Sides> {
  const same = new Set<string>();
  const remote = new Map<string, ObjectInfo>();
  const waiting: (readonly ObjectInfo[])[] = [];
  let files: Map<string, LocalFile> | undefined;
  const compare = (objects: readonly ObjectInfo[]) => {
    if (files === undefined) return void waiting.push(objects);
    for (const object of objects) {
      const file = files.get(object.key);
      if (file !== undefined && compareAtOnce(file, object, cache) === 'same') same.add(object.key);
      else remote.set(object.key, object);
    }
  };
  const findLocal = async () => {
    const found = await findLocalFiles(root, selection, signal);
    files = new Map();
    for (const file of found.files) files.set(file.key, file);
    for (const objects of waiting.splice(0)) compare(objects);
    return found;
  };
  const list = async () => {
    for await (const objects of findPages(store, selection, signal)) {
      compare(objects);
      onKeys(objects.length);
    }
  };
  const [, local] = await Promise.all([list(), findLocal()]);
  return { local, same, remote };
}

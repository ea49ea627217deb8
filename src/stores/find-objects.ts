import type { ObjectInfo, ObjectStore } from './object-store.ts';
import type { Selection } from './selection.ts';
import { StoreError } from './store-error.ts';

/** The objects that a selection means, complete and in the order of their keys. */
export async function findObjects(
  store: ObjectStore,
  selection: Selection,
  signal: AbortSignal,
): Promise<ObjectInfo[]> {
  const { exact, prefix, matches } = selection;
  const found: ObjectInfo[] = [];
  let denied: unknown;
  try {
    for await (const page of store.list({ prefix, signal }))
      for (const object of page.objects) if (matches(object.key)) found.push(object);
  } catch (error) {
    // One object can be had without the right to list, and public buckets often give only that.
    const mayAsk =
      exact !== undefined && error instanceof StoreError && error.diagnostics[0]?.code === 'S3_DENIED';
    if (!mayAsk) throw error;
    denied = error;
  }
  if (exact !== undefined && matches(exact) && !exact.startsWith(prefix)) {
    const object = await findOne(store, exact, denied === undefined, signal);
    if (object !== undefined) found.unshift(object);
  }
  if (denied !== undefined && found.length === 0) throw denied;
  return found;
}

/** One object; by a listing where reading is denied, and listing is not. */
async function findOne(
  store: ObjectStore,
  key: string,
  mayList: boolean,
  signal: AbortSignal,
): Promise<ObjectInfo | undefined> {
  try {
    return await store.head(key, signal);
  } catch (error) {
    const denied = error instanceof StoreError && error.diagnostics[0]?.code === 'S3_DENIED';
    if (!denied || !mayList) throw error;
    for await (const page of store.list({ prefix: key, signal }))
      return page.objects.find((object) => object.key === key);
    return undefined;
  }
}

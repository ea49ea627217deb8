import type { ListPage, ObjectInfo, ObjectStore } from './object-store.ts';
import type { Selection } from './selection.ts';
import { StoreError } from './store-error.ts';

/** The objects that a selection means, complete and in the order of their keys. `onKeys` is told how many more there are. */
export async function findObjects(
  store: ObjectStore,
  selection: Selection,
  signal: AbortSignal,
  onKeys?: (count: number) => void,
): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const page of findPages(store, selection, signal)) {
    for (const object of page) found.push(object);
    onKeys?.(page.length);
  }
  return found;
}

/** The same, a page at a time as the store lists them: complete when it ends without an error. */
export async function* findPages(
  store: ObjectStore,
  { exact, prefix, matches }: Selection,
  signal: AbortSignal,
): AsyncGenerator<readonly ObjectInfo[]> {
  const pages = store.list({ prefix, signal })[Symbol.asyncIterator]();
  let page: IteratorResult<ListPage> | undefined;
  let denied: unknown;
  try {
    page = await pages.next();
  } catch (error) {
    // One object can be had without the right to list, and public buckets often give only that.
    const mayAsk =
      exact !== undefined && error instanceof StoreError && error.diagnostics[0]?.code === 'S3_DENIED';
    if (!mayAsk) throw error;
    denied = error;
  }
  const named = exact !== undefined && matches(exact) && !exact.startsWith(prefix);
  const object = named ? await findOne(store, exact, denied === undefined, signal) : undefined;
  if (object !== undefined) yield [object];
  else if (denied !== undefined) throw denied;
  for (; page?.done === false; page = await pages.next())
    yield page.value.objects.filter(({ key }) => matches(key));
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

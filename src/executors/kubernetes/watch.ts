import { isApiError, isOutage, type StatusBody } from './api-error.ts';
import type { Selection } from './list-pages.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { type KubeObject, pathOf, type Resource } from './objects.ts';
import { retryDelay } from './retry-policy.ts';

/**
 * Milliseconds without a byte after which a watch is given up: a server sends bookmarks at least once a
 * minute, so a longer silence is a half-open connection.
 */
const defaultSilence = 90_000;
/** Seconds after which the server ends a watch in order; load balancers cut at five minutes and say nothing. */
const watchSeconds = 240;
/** A line longer than any object the server can store. */
const maxLineBytes = 8 * 1024 * 1024;

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** The objects of a selection as they are now, by name. */
export type Snapshot<T> = ReadonlyMap<string, T>;

/**
 * Follows the objects of a selection: yields all of them at first, and again after every change (changes that
 * arrive together are yielded together). Begins with a listing and watches from its version; a watch that
 * ends, breaks, falls silent or loses half an event goes on from the last version seen whole; one whose
 * version is too old (410, as a status or within the stream) begins anew with a listing; one that a cluster in trouble
 * does not let begin goes on when it does. Ends only by `signal`.
 * What is yielded goes on changing: read it before asking for the next. An object that is deleted is yielded once more
 * in its last state, and then no more: a Job may end and be removed by its TTL in the same moment.
 */
export async function* follow<T extends KubeObject>(
  api: NamespaceApi,
  resource: Resource<T>,
  select: Selection,
  signal: AbortSignal,
  options: { readonly silence?: number } = {},
): AsyncGenerator<Snapshot<T>> {
  const { policy } = api.client;
  let hasListed = false;
  for (let failures = 0; ; ) {
    const listing = await api.list(resource, select, signal).catch((error: unknown) => {
      if (hasListed && isOutage(error)) return undefined;
      throw error;
    });
    if (listing === undefined) {
      failures += 1;
      await policy.sleep(retryDelay(policy, failures, undefined), signal);
      continue;
    }
    hasListed = true;
    const objects = new Map(listing.items.map((item) => [item.metadata.name, item]));
    let version = listing.resourceVersion;
    yield objects;
    for (let isExpired = false; !isExpired; ) {
      const begun = policy.now();
      try {
        for await (const events of watchOnce<T>(
          api,
          resource,
          select,
          version,
          options.silence ?? defaultSilence,
          signal,
        )) {
          for (const { type, object } of events) {
            if (type === 'ERROR') throw new InStream((object as StatusBody).message);
            version = object.metadata.resourceVersion;
          }
          // A server that has nothing but errors to say is not asked more and more often.
          failures = 0;
          yield* apply(events, objects);
        }
        // A server that ends each watch at once must not be asked in a tight loop.
        if (policy.now() - begun < 1000) failures += 1;
      } catch (error) {
        signal.throwIfAborted();
        // Whatever the stream says is wrong (410, a lost etcd, a cache that starts), a listing finds out whether it
        // still is. Refusals of the request itself (rights taken away, say) are final.
        if (error instanceof InStream || isApiError(error, 'Expired', 'Gone')) isExpired = true;
        else if (!isOutage(error) && !isStreamError(error)) throw error;
        failures += 1;
      }
      if (failures > 0) await policy.sleep(retryDelay(policy, failures, undefined), signal);
    }
  }
}

/** Changes the objects by events that arrived together. */
function* apply<T extends KubeObject>(
  events: readonly WatchEvent<T>[],
  objects: Map<string, T>,
): Generator<Snapshot<T>> {
  const leaving = new Set<string>();
  const removeLeaving = (): void => {
    for (const name of leaving) objects.delete(name);
    leaving.clear();
  };
  let hasChanged = false;
  for (const { type, object } of events) {
    if (type === 'BOOKMARK') continue;
    const { name } = object.metadata;
    // A name that is taken again: what was there before must have been seen.
    if (leaving.has(name)) {
      yield objects;
      removeLeaving();
    }
    objects.set(name, object);
    if (type === 'DELETED') leaving.add(name);
    hasChanged = true;
  }
  if (hasChanged) yield objects;
  if (leaving.size > 0) {
    removeLeaving();
    yield objects;
  }
}

/** One watch request: events in the batches they arrive in. Rejects when the stream breaks. */
async function* watchOnce<T extends KubeObject>(
  api: NamespaceApi,
  resource: Resource<T>,
  select: Selection,
  version: string,
  silence: number,
  signal: AbortSignal,
): AsyncGenerator<readonly WatchEvent<T>[]> {
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: version,
    timeoutSeconds: String(watchSeconds),
  });
  if (select.labels !== undefined) query.set('labelSelector', select.labels);
  if (select.fields !== undefined) query.set('fieldSelector', select.fields);
  const path = `${pathOf(resource, api.namespace)}?${query}`;
  for await (const lines of splitLines(await api.client.stream({ path, quiet: silence, signal })))
    yield lines.map((line) => {
      try {
        return JSON.parse(line) as WatchEvent<T>;
      } catch (cause) {
        throw new StreamBroken('a watch event is not whole', { cause });
      }
    });
}

/**
 * Whole lines of a body, in the batches they arrive in. What follows the last line break when the body ends is
 * half an event: it is dropped, and since the version moves on only with whole events, it is sent again.
 */
async function* splitLines(body: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  let partial: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      const end = chunk.lastIndexOf(10);
      if (end === -1) {
        partial.push(chunk);
        size += chunk.length;
        if (size > maxLineBytes) throw new StreamBroken('a watch event is longer than any object');
        continue;
      }
      const text = Buffer.concat([...partial, chunk.subarray(0, end)]).toString('utf8');
      partial = [chunk.subarray(end + 1)];
      size = chunk.length - end - 1;
      yield text.split('\n').filter((line) => line !== '');
    }
  } catch (cause) {
    if (cause instanceof StreamBroken) throw cause;
    throw new StreamBroken('the watch broke off', { cause });
  }
}

/** A stream that ended before its time; the request may be made again. */
class StreamBroken extends Error {
  override readonly name = 'StreamBroken';
}

function isStreamError(error: unknown): boolean {
  return error instanceof StreamBroken;
}

/** An `ERROR` event. */
class InStream extends Error {
  override readonly name = 'InStream';
}

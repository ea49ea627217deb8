import { setImmediate } from 'node:timers/promises';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import type { ApiClient } from './api-client.ts';
import { type KubeObject, pathOf, type Resource } from './objects.ts';
import { parsePage } from './parse-page.ts';

/** Objects of a page; the server's own default is everything at once, which is slow and heavy to hold. */
const pageSize = 500;

/** A complete listing, and the version a watch goes on from. */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

interface Page<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

/**
 * The token of the next page, read from the front of a page: a server writes `metadata` before `items`.
 * `undefined` where it does not, or where this is the last page.
 */
function continueOf(text: string): string | undefined {
  const end = text.indexOf('"items"');
  const found = /"continue":("(?:[^"\\]|\\.)*")/.exec(text.slice(0, Math.min(Math.max(end, 0), 10_000)))?.[1];
  return found === undefined ? undefined : (JSON.parse(found) as string) || undefined;
}

export interface Selection {
  readonly labels?: string;
  readonly fields?: string;
}

/** All objects a selection matches, page by page at one resource version. @throws ApiError `Expired` where that is gone */
export async function listPages<T extends KubeObject>(
  client: ApiClient,
  target: { readonly resource: Resource<T>; readonly namespace: string },
  select: Selection,
  signal: AbortSignal,
  accept: string,
): Promise<Listing<T>> {
  const { resource, namespace } = target;
  const ask = (token: string | undefined): Promise<string> => {
    const query = new URLSearchParams({ limit: String(pageSize) });
    if (select.labels !== undefined) query.set('labelSelector', select.labels);
    if (select.fields !== undefined) query.set('fieldSelector', select.fields);
    if (token !== undefined) query.set('continue', token);
    return client.requestText({
      path: `${pathOf(resource, namespace)}?${query}`,
      accept,
      signal,
    });
  };
  const items: T[] = [];
  const seen = new Set<string>();
  let pending = ask(undefined);
  for (;;) {
    const text = await pending;
    // The next page is on its way while this one is parsed, which takes as long as fetching it.
    const early = continueOf(text);
    if (early !== undefined) {
      pending = ask(early);
      pending.catch(() => undefined);
      // A request is sent in later turns of the loop, and parsing would hold those up.
      await setImmediate();
    }
    const page = parsePage<Page<T>>(text);
    for (const item of page.items ?? []) items.push(item);
    const token = page.metadata?.continue || undefined;
    if (token === undefined) return { items, resourceVersion: page.metadata?.resourceVersion ?? '0' };
    // A server that hands out the same token again would be read forever.
    if (seen.has(token))
      throw new DiagnosticError(
        errorDiagnostic('KUBE_NOT_AN_API', `the listing of ${resource.plural} repeats itself and never ends`),
        3,
      );
    seen.add(token);
    if (early !== token) pending = ask(token);
  }
}

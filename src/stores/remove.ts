import chunk from 'lodash/chunk.js';
import { errorDiagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectStore } from './object-store.ts';
import { printable } from './safe-key.ts';
import type { TransferEvent } from './transfer-event.ts';

export type RemoveEvent =
  | { readonly type: 'removed'; readonly key: string }
  | Extract<TransferEvent, { type: 'failed' }>;

export interface RemoveSummary {
  readonly removed: number;
  readonly failed: number;
}

/** The most that one request of S3 deletes. */
const batchSize = 1000;

/**
 * Removes keys, which must come from a listing that ended without an error. Deletions of single keys that fail are
 * reported and counted.
 */
export async function removeKeys(
  store: ObjectStore,
  keys: readonly string[],
  options: { readonly report: (event: RemoveEvent) => void; readonly signal: AbortSignal },
): Promise<RemoveSummary> {
  let failed = 0;
  for (const batch of chunk(keys, batchSize)) {
    const failures = new Map((await store.delete(batch, options.signal)).map(({ key, why }) => [key, why]));
    for (const key of batch) {
      const why = failures.get(key);
      if (why === undefined) {
        options.report({ type: 'removed', key });
        continue;
      }
      failed++;
      const diagnostic = errorDiagnostic('S3_DELETE_FAILED', `${printable(key)} was not deleted: ${why}`);
      options.report({ type: 'failed', key, diagnostic });
    }
  }
  return { removed: keys.length - failed, failed };
}

import type { Context } from '../context.ts';
import { drained } from '../drained.ts';

/** Bytes gathered before they are written: one system call for many lines. */
const block = 64 * 1024;

/**
 * Writes one text an item to standard output, a line end after each, made as fast as the reader takes them: a
 * plan of 100,000 trials is never in memory as a whole.
 */
export async function writeLines<T>(
  context: Context,
  items: Iterable<T>,
  format: (item: T) => string,
): Promise<void> {
  let gathered = '';
  const flush = async () => {
    const text = gathered;
    gathered = '';
    if (!context.stdout.write(text)) await drained(context.stdout, context.signal);
    // A writer that never waits would not see signals, nor that its reader is gone.
    else await new Promise((resolve) => setImmediate(resolve));
    context.signal.throwIfAborted();
  };
  for (const item of items) {
    gathered += `${format(item)}\n`;
    if (gathered.length >= block) await flush();
  }
  if (gathered !== '') await flush();
}

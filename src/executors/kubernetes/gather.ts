import { setImmediate } from 'node:timers/promises';

/** Milliseconds of work after which answers that have come are read. */
const turn = 4;

/**
 * All items of an iterable that makes each when it is asked for, a few milliseconds of them at a time: what the process
 * waits for meanwhile goes on.
 *
 * @param isWanted asked between two turns; what there is by then is returned once it says no
 */
export async function gather<T>(items: Iterable<T>, isWanted: () => boolean): Promise<readonly T[]> {
  const gathered: T[] = [];
  let end = performance.now() + turn;
  for (const item of items) {
    gathered.push(item);
    if (performance.now() < end) continue;
    await setImmediate();
    if (!isWanted()) break;
    end = performance.now() + turn;
  }
  return gathered;
}

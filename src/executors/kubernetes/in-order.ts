/**
 * Works on items with at most `limit` under way, and hands over the results in the items' own order as soon as
 * all before them are there. The first error stops the taking of new items; it is thrown when all under way
 * have settled, so that nothing goes on behind the caller's back.
 */
export async function inOrder<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => R | Promise<R>,
  deliver: (result: R) => void,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const ready = new Map<number, R>();
  let taken = 0;
  let delivered = 0;
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (failure === undefined) {
      const next = iterator.next();
      if (next.done === true) return;
      const position = taken;
      taken += 1;
      try {
        const result = work(next.value);
        // What is done at once is not waited for: of thousands of items, nearly all may be.
        ready.set(position, result instanceof Promise ? await result : result);
      } catch (error) {
        failure ??= { error };
        return;
      }
      for (; ready.has(delivered); delivered += 1) {
        const result = ready.get(delivered) as R;
        ready.delete(delivered);
        deliver(result);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failure !== undefined) throw failure.error;
}

/** A number of units (requests, bytes) that those who work at once share. Served in the order of asking. */
export class Budget {
  readonly #total: number;
  #free: number;
  readonly #waiting: { readonly units: number; readonly go: () => void }[] = [];

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  /** Runs `work` while holding units; more than there are in all counts as all. */
  async hold<T>(units: number, work: () => Promise<T>): Promise<T> {
    const taken = Math.min(units, this.#total);
    if (this.#waiting.length > 0 || this.#free < taken)
      await new Promise<void>((go) => this.#waiting.push({ units: taken, go }));
    else this.#free -= taken;
    try {
      return await work();
    } finally {
      this.#free += taken;
      this.#serve();
    }
  }

  #serve(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && next.units <= this.#free;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#free -= next.units;
      next.go();
    }
  }
}

/**
 * Runs `work` on all items, `width` at once, in order of starting. The first error stops the rest from starting and is
 * thrown when those under way have settled, with `stop` called so that they do so soon.
 */
export async function runPool<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
  stop: (error: unknown) => void,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failed = false;
  let failure: unknown;
  const worker = async () => {
    while (!failed) {
      const next = iterator.next();
      if (next.done === true) return;
      try {
        await work(next.value);
      } catch (error) {
        if (!failed) {
          failed = true;
          failure = error;
          stop(error);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  if (failed) throw failure;
}

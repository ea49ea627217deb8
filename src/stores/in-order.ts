/**
 * Tells of things in the order in which they were planned, however they end: what is done early waits for those before
 * it. Two runs over the same files print the same lines.
 */
export class InOrder {
  readonly #done = new Map<number, (() => void) | undefined>();
  #next = 0;

  /** Number `index` is done; `tell` is called when all before it are. */
  settle(index: number, tell?: () => void): void {
    this.#done.set(index, tell);
    while (this.#done.has(this.#next)) {
      const ready = this.#done.get(this.#next);
      this.#done.delete(this.#next++);
      ready?.();
    }
  }

  /** Nothing more comes: tells of the rest that is done. */
  flush(): void {
    for (const index of [...this.#done.keys()].sort((left, right) => left - right)) this.#done.get(index)?.();
    this.#done.clear();
  }
}

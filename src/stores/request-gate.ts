/**
 * How many requests are under way at once. A server that asks to slow down gets half as many, and then one more
 * after each round that went well. The refusals of one overload come together, so only one of a round counts.
 */
export class RequestGate {
  readonly #most: number;
  #limit: number;
  #active = 0;
  #good = 0;
  #round = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
    this.#limit = most;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Settles when a request may begin, with the round that it belongs to. */
  async enter(): Promise<number> {
    if (this.#active >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#active++;
    return this.#round;
  }

  leave(): void {
    // A free place is handed over, not given back and taken again, so that nobody slips in between.
    if (this.#active <= this.#limit) {
      const next = this.#waiting.shift();
      if (next !== undefined) {
        next();
        return;
      }
    }
    this.#active--;
  }

  wentWell(): void {
    if (this.#limit >= this.#most || ++this.#good < this.#limit) return;
    this.#good = 0;
    this.#limit++;
    if (this.#active >= this.#limit) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#active++;
    next();
  }

  /** `round`: in which the refused request began; one that began before the last halving tells nothing new. */
  slowDown(round: number): void {
    if (round !== this.#round) return;
    this.#round++;
    this.#limit = Math.max(1, Math.floor(Math.min(this.#limit, this.#active) / 2));
    this.#good = 0;
  }
}

import type { Selection } from '../config/config.ts';
import type { PreparedAxis } from './axes.ts';
import type { NamedPair } from './name.ts';
import { keptPoints } from './selection.ts';

/** What one entry of `run` adds for one pair: a product of points, less what is there already. */
export interface Box {
  readonly pair: NamedPair;
  /** By axis of the pair: the points selected, as indexes into the axis' points. */
  readonly points: readonly (readonly number[])[];
  /** Size of the product. */
  readonly size: number;
  /** Positions in the product that are kept, ascending; absent: all of them. */
  readonly kept?: readonly number[];
  /** How many trials it adds. */
  readonly length: number;
  /** Index of its first trial in the matrix. */
  readonly offset: number;
}

/** The points of each axis that `run.hparam` keeps; the same arrays for axes met before. */
export function makePointFilter(filter: Selection['hparam']): (axis: PreparedAxis) => readonly number[] {
  const kept = new Map<PreparedAxis, readonly number[]>();
  return (axis) => {
    let points = kept.get(axis);
    if (points === undefined) {
      points = keptPoints(filter, axis);
      kept.set(axis, points);
    }
    return points;
  };
}

/** Writes the points of a position in the box's product, the last axis varying fastest. */
export function pointsAt(box: Pick<Box, 'points'>, position: number, into: number[]): void {
  let rest = position;
  for (let i = box.points.length - 1; i >= 0; i--) {
    const points = box.points[i] as readonly number[];
    const digit = rest % points.length;
    into[i] = points[digit] as number;
    rest = (rest - digit) / points.length;
  }
  into.length = box.points.length;
}

/** Collects boxes; a trial that an earlier box of the same pair has is left out of a later one. */
export class Boxes {
  readonly boxes: Box[] = [];
  length = 0;
  readonly #ofPair = new Map<NamedPair, PairBoxes>();

  add(pair: NamedPair, points: readonly (readonly number[])[]): { size: number; repeated: number } {
    const size = points.reduce((product, each) => product * each.length, 1);
    if (size === 0) return { size, repeated: 0 };
    const earlier = this.#ofPair.get(pair) ?? new PairBoxes(pair);
    this.#ofPair.set(pair, earlier);
    const kept = earlier.unseen({ points, size });
    const length = kept?.length ?? size;
    if (length > 0) {
      const box = { pair, points, size, length, offset: this.length, ...(kept && { kept }) };
      this.boxes.push(box);
      this.length += length;
      earlier.add(box);
    }
    return { size, repeated: size - length };
  }
}

type Product = Pick<Box, 'points' | 'size'>;

/** What the boxes of one pair have taken, so that each further one is compared with all of them at once. */
class PairBoxes {
  readonly #lengths: readonly number[];
  readonly #full: number;
  #isFull = false;
  /** By axis: the points some box has. */
  readonly #taken: readonly Set<number>[];
  /** Boxes whose trials are not in {@link PairBoxes.#keys} yet: they are seldom asked for. */
  #unkeyed: Product[] = [];
  readonly #keys = new Set<number | string>();

  constructor(pair: NamedPair) {
    this.#lengths = pair.axes.map((axis) => axis.points.length);
    this.#full = this.#lengths.reduce((product, length) => product * length, 1);
    this.#taken = pair.axes.map(() => new Set());
  }

  add(box: Box): void {
    if (box.size === this.#full && box.kept === undefined) this.#isFull = true;
    if (this.#isFull) return;
    this.#unkeyed.push(box);
    box.points.forEach((points, axis) => {
      for (const point of points) this.#taken[axis]?.add(point);
    });
  }

  /** Positions in the product that no box has, ascending; `undefined` where none has any of it. */
  unseen(product: Product): readonly number[] | undefined {
    if (this.#isFull) return [];
    const mayMeet = product.points.every((points, axis) =>
      points.some((point) => this.#taken[axis]?.has(point)),
    );
    if (this.#unkeyed.length + this.#keys.size === 0 || !mayMeet) return undefined;
    for (const box of this.#unkeyed.splice(0)) for (const key of this.#keysOf(box)) this.#keys.add(key);
    const kept: number[] = [];
    let position = 0;
    for (const key of this.#keysOf(product)) {
      if (!this.#keys.has(key)) kept.push(position);
      position++;
    }
    return kept.length === product.size ? undefined : kept;
  }

  /** The position of each trial among all that the pair could have, as text where no number is so exact. */
  *#keysOf(product: Product): Generator<number | string> {
    const points: number[] = [];
    const isExact = this.#full <= Number.MAX_SAFE_INTEGER;
    for (let position = 0; position < product.size; position++) {
      pointsAt(product, position, points);
      if (!isExact) yield points.join();
      else yield points.reduce((sum, point, axis) => sum * (this.#lengths[axis] as number) + point, 0);
    }
  }
}

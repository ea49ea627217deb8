import type { Selection } from '../config/config.ts';
import type { PreparedAxis } from './axes.ts';
import type { NamedPair } from './name.ts';
import { keepsPoint } from './selection.ts';

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
      points = axis.points.flatMap((point, index) => (keepsPoint(filter, axis.key, point) ? [index] : []));
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
  readonly #ofPair = new Map<NamedPair, Box[]>();
  /** Keys of the trials of a pair's first boxes, and of how many of them. */
  readonly #seen = new Map<NamedPair, { readonly keys: Set<string>; boxes: number }>();

  add(pair: NamedPair, points: readonly (readonly number[])[]): { size: number; repeated: number } {
    const size = points.reduce((product, each) => product * each.length, 1);
    if (size === 0) return { size, repeated: 0 };
    const earlier = this.#ofPair.get(pair) ?? [];
    this.#ofPair.set(pair, earlier);
    const kept = earlier.some((box) => meets(box, points))
      ? this.#unseen(pair, points, size, earlier)
      : undefined;
    const length = kept?.length ?? size;
    if (length > 0) {
      const box = { pair, points, size, length, offset: this.length, ...(kept && { kept }) };
      this.boxes.push(box);
      this.length += length;
      earlier.push(box);
    }
    return { size, repeated: size - length };
  }

  #unseen(
    pair: NamedPair,
    points: readonly (readonly number[])[],
    size: number,
    earlier: readonly Box[],
  ): readonly number[] {
    if (earlier.some((box) => contains(box, points))) return [];
    const seen = this.#seen.get(pair) ?? { keys: new Set(), boxes: 0 };
    this.#seen.set(pair, seen);
    for (const box of earlier.slice(seen.boxes)) for (const key of keys(box)) seen.keys.add(key);
    seen.boxes = earlier.length;
    const kept: number[] = [];
    let position = 0;
    for (const key of keys({ points, size })) {
      if (!seen.keys.has(key)) kept.push(position);
      position++;
    }
    return kept;
  }
}

const sets = new WeakMap<readonly number[], ReadonlySet<number>>();

/** A box's points are compared with those of every later box. */
function asSet(points: readonly number[] = []): ReadonlySet<number> {
  const known = sets.get(points) ?? new Set(points);
  sets.set(points, known);
  return known;
}

function meets(box: Box, points: readonly (readonly number[])[]): boolean {
  return points.every((each, axis) => {
    const other = asSet(box.points[axis]);
    return each.some((point) => other.has(point));
  });
}

/** Only for a box that has lost nothing to an earlier one. */
function contains(box: Box, points: readonly (readonly number[])[]): boolean {
  if (box.kept !== undefined) return false;
  return points.every((each, axis) => {
    const other = asSet(box.points[axis]);
    return each.every((point) => other.has(point));
  });
}

function* keys(box: Pick<Box, 'points' | 'size'>): Generator<string> {
  const points: number[] = [];
  for (let position = 0; position < box.size; position++) {
    pointsAt(box, position, points);
    yield points.join();
  }
}

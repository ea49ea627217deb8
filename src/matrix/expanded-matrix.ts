import type { Box } from './box.ts';
import { pointsAt } from './box.ts';
import type { NamedPair } from './name.ts';
import type { Census } from './name-census.ts';
import type { Hyperparameter, Matrix, Trial } from './trial.ts';

/** The matrix as boxes laid end to end: an index is a box and a position in its product. */
export class ExpandedMatrix implements Matrix {
  readonly length: number;
  readonly boxes: readonly Box[];
  readonly #census: Census;

  constructor(boxes: readonly Box[], length: number, census: Census) {
    this.boxes = boxes;
    this.length = length;
    this.#census = census;
  }

  at(index: number): Trial {
    const points: number[] = [];
    return this.trial(index, this.locate(index, points), points);
  }

  /**
   * The pair of the trial at `index`; writes the trial's point on each of its axes into `points`.
   * @throws RangeError outside 0 … length − 1
   */
  locate(index: number, points: number[]): NamedPair {
    if (!Number.isInteger(index) || index < 0 || index >= this.length)
      throw new RangeError(`trial ${index} of ${this.length}`);
    let low = 0;
    let high = this.boxes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.boxes[middle] as Box).offset <= index) low = middle;
      else high = middle - 1;
    }
    const box = this.boxes[low] as Box;
    const position = index - box.offset;
    pointsAt(box, box.kept === undefined ? position : (box.kept[position] as number), points);
    return box.pair;
  }

  /** The trial at a place that {@link locate} gave. */
  trial(index: number, pair: NamedPair, points: readonly number[]): Trial {
    const hparam: Hyperparameter[] = [];
    const { axes } = pair;
    for (let i = 0; i < axes.length; i++) {
      const ofPoint = axes[i]?.hparam[points[i] as number] as readonly Hyperparameter[];
      for (const each of ofPoint) hparam.push(each);
    }
    return {
      index,
      model: pair.model.name,
      dataset: pair.dataset.name,
      hparam,
      name: this.name(pair, points),
    };
  }

  name(pair: NamedPair, points: readonly number[]): string {
    return this.#census.name(pair, points);
  }

  *[Symbol.iterator](): Iterator<Trial> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
}

/** What a hyperparameter has come to in one trial. */
export interface Hyperparameter {
  /** Without a leading underscore. */
  readonly key: string;
  readonly text: string;
  /** Whether it is part of the trial's name. */
  readonly visible: boolean;
}

/** One point of the matrix. */
export interface Trial {
  /** Position in the expanded, de-duplicated matrix, from 0. */
  readonly index: number;
  readonly model: string;
  /** Empty where the file has no `dataset`. */
  readonly dataset: string;
  /** Dataset's first, then the model's; the keys of a named group follow the group's own. */
  readonly hparam: readonly Hyperparameter[];
  /** DNS-1123 label of at most 63 characters, distinct within the matrix, the same on every machine. */
  readonly name: string;
}

/** Trials by index, with a length: a matrix of 10¹² can be counted and refused without being built. */
export interface Matrix {
  readonly length: number;
  /** @throws RangeError outside 0 … length − 1 */
  at(index: number): Trial;
  [Symbol.iterator](): Iterator<Trial>;
}

import type { Axis, AxisPoint, Entry, ModelEntry } from '../config/config.ts';
import { legalText } from './legal-name.ts';
import { quoteForShell } from './shell-quote.ts';
import type { Hyperparameter } from './trial.ts';

/**
 * An axis with everything a trial needs of it worked out once for each point, so that building a trial is
 * indexing and joining. One object serves every pair of model and dataset that has the axis.
 */
export class PreparedAxis {
  readonly key: string;
  /** Where it is written: `['model', 'vit', 'hparam', 'lr']`. */
  readonly path: readonly string[];
  /** Without repeated values. */
  readonly points: readonly AxisPoint[];
  /** Labels written more than once. */
  readonly repeated: readonly string[];
  /** The axis' own key, then the inner keys of its named groups. */
  readonly keys: readonly string[];
  /** By point: what the trial lists. */
  readonly hparam: readonly (readonly Hyperparameter[])[];
  /** By point: what the trial's name gets, with its leading dash; empty where the axis is hidden. */
  readonly segments: readonly string[];
  /** By point: whether the segment says exactly what the value is. */
  readonly exact: readonly boolean[];
  /** By point: exact, and no word of it holds a dash, so that it cannot read like a part of something else. */
  readonly plain: readonly boolean[];
  /** Whether no two points have the same segment. */
  readonly distinct: boolean;
  /** Length of the longest segment. */
  readonly longest: number;
  /** By point: an encoding that tells the values apart, for the trial's hash. */
  readonly identities: readonly string[];
  readonly #texts = new Map<string, readonly string[]>();
  readonly #quoted = new Map<string, readonly string[]>();

  constructor(axis: Axis, owner: 'dataset' | 'model', name: string) {
    this.key = axis.key;
    this.path = [owner, name, 'hparam', axis.key];
    const points = new Map<string, AxisPoint>();
    const repeated = new Set<string>();
    for (const point of axis.points) {
      if (points.has(point.label)) repeated.add(point.label);
      else points.set(point.label, point);
    }
    this.points = [...points.values()];
    this.repeated = [...repeated];
    this.keys = [axis.key, ...(this.points[0]?.inner ?? []).map((inner) => inner.key)];
    this.hparam = this.points.map((point) => [
      { key: axis.key, text: point.label, visible: axis.visible },
      ...(point.inner ?? []),
    ]);
    const visible = this.hparam.map((each) => each.filter((one) => one.visible));
    const words = visible.map((each) => each.flatMap((one) => [one.key, one.text]));
    this.segments = words.map((each) =>
      each
        .map(legalText)
        .filter((word) => word !== '')
        .map((word) => `-${word}`)
        .join(''),
    );
    this.exact = words.map((each) => each.every((word) => word !== '' && legalText(word) === word));
    this.plain = words.map(
      (each, point) => this.exact[point] === true && !each.some((word) => word.includes('-')),
    );
    this.distinct = new Set(this.segments).size === this.segments.length;
    this.longest = this.segments.reduce((most, each) => Math.max(most, each.length), 0);
    this.identities = this.hparam.map((each) => JSON.stringify(each.map((one) => [one.key, one.text])));
  }

  /** By point: the text of the axis' own key or of an inner one. */
  texts(key: string): readonly string[] {
    let texts = this.#texts.get(key);
    if (texts === undefined) {
      texts = this.hparam.map((each) => each.find((one) => one.key === key)?.text ?? '');
      this.#texts.set(key, texts);
    }
    return texts;
  }

  /** By point: the same, quoted for the shell. */
  quoted(key: string): readonly string[] {
    let quoted = this.#quoted.get(key);
    if (quoted === undefined) {
      quoted = this.texts(key).map(quoteForShell);
      this.#quoted.set(key, quoted);
    }
    return quoted;
  }
}

/** One model on one dataset, with the axes its trials range over. */
export interface Pair {
  readonly model: ModelEntry;
  readonly dataset: Entry;
  /** In the order of the spec: the dataset's, then the model's; a key in both stands at the dataset's place. */
  readonly axes: readonly PreparedAxis[];
}

/** Makes pairs, each axis of the file prepared once. */
export class Pairs {
  readonly #prepared = new Map<Axis, PreparedAxis>();
  readonly #pairs = new Map<ModelEntry, Map<Entry, Pair>>();

  of(model: ModelEntry, dataset: Entry): Pair {
    let ofModel = this.#pairs.get(model);
    if (ofModel === undefined) {
      ofModel = new Map();
      this.#pairs.set(model, ofModel);
    }
    let pair = ofModel.get(dataset);
    if (pair === undefined) {
      pair = { model, dataset, axes: this.#axes(model, dataset) };
      ofModel.set(dataset, pair);
    }
    return pair;
  }

  /** Every axis prepared so far. */
  axes(): Iterable<PreparedAxis> {
    return this.#prepared.values();
  }

  #axes(model: ModelEntry, dataset: Entry): readonly PreparedAxis[] {
    const axes = new Map<string, PreparedAxis>();
    for (const axis of dataset.axes) axes.set(axis.key, this.#prepare(axis, 'dataset', dataset.name));
    for (const axis of model.axes) axes.set(axis.key, this.#prepare(axis, 'model', model.name));
    return [...axes.values()];
  }

  #prepare(axis: Axis, owner: 'dataset' | 'model', name: string): PreparedAxis {
    let prepared = this.#prepared.get(axis);
    if (prepared === undefined) {
      prepared = new PreparedAxis(axis, owner, name);
      this.#prepared.set(axis, prepared);
    }
    return prepared;
  }
}

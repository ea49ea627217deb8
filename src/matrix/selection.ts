import type { AxisPoint, Config, Entry, ModelEntry, Selection } from '../config/config.ts';

/** One entry of `run` with its names looked up. */
export interface ResolvedSelection {
  /** Position in `run`, from 0. */
  readonly index: number;
  readonly written: Selection;
  readonly datasets: readonly Entry[];
  readonly models: readonly ModelEntry[];
}

/** Names that do not exist are left out: the config's rules have reported them. A name twice counts once. */
export function resolveSelection(config: Config, written: Selection, index: number): ResolvedSelection {
  return {
    index,
    written,
    datasets: pick(config.datasets, written.datasets),
    models: pick(config.models, written.models),
  };
}

function pick<E extends Entry>(entries: readonly E[], names: readonly string[] | undefined): readonly E[] {
  if (names === undefined) return entries;
  const byName = indexed(entries) as ReadonlyMap<string, E>;
  return [...new Set(names)].flatMap((name) => byName.get(name) ?? []);
}

const entriesByName = new WeakMap<readonly Entry[], ReadonlyMap<string, Entry>>();

/** Every entry of a long `run` looks names up. */
function indexed(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  const known = entriesByName.get(entries) ?? new Map(entries.map((entry) => [entry.name, entry]));
  entriesByName.set(entries, known);
  return known;
}

/** The points of an axis that `run.hparam` keeps, as indexes into its points, ascending. */
export function keptPoints(
  filter: Selection['hparam'],
  { key, points }: { readonly key: string; readonly points: readonly AxisPoint[] },
): readonly number[] {
  const { all, byLabel, keys } = axisIndex(points);
  if (filter === undefined || !(filter.has(key) || [...filter.keys()].some((each) => keys.has(each))))
    return all;
  const texts = filter.get(key);
  const named = texts === undefined ? all : [...texts].flatMap((text) => byLabel.get(text) ?? []);
  const kept = keys.size === 0 ? named : named.filter((index) => keepsGroup(filter, points[index]));
  return texts === undefined ? kept : [...kept].sort((a, b) => a - b);
}

interface AxisIndex {
  readonly all: readonly number[];
  readonly byLabel: ReadonlyMap<string, readonly number[]>;
  /** What its groups set. */
  readonly keys: ReadonlySet<string>;
}

const axisIndexes = new WeakMap<readonly AxisPoint[], AxisIndex>();

/** An entry of `run` that keeps a few of thousands of points should not look at all of them. */
function axisIndex(points: readonly AxisPoint[]): AxisIndex {
  let index = axisIndexes.get(points);
  if (index === undefined) {
    const byLabel = new Map<string, number[]>();
    points.forEach(({ label }, at) => {
      const same = byLabel.get(label);
      if (same === undefined) byLabel.set(label, [at]);
      else same.push(at);
    });
    const keys = new Set(points.flatMap(({ inner }) => (inner ?? []).map((each) => each.key)));
    index = { all: points.map((_, at) => at), byLabel, keys };
    axisIndexes.set(points, index);
  }
  return index;
}

/** Whether the filter lists this point's text for each key of the group that it names. */
function keepsGroup(filter: NonNullable<Selection['hparam']>, point: AxisPoint | undefined): boolean {
  return (point?.inner ?? []).every((inner) => filter.get(inner.key)?.has(inner.text) !== false);
}

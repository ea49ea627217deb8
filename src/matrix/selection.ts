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
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return [...new Set(names)].flatMap((name) => byName.get(name) ?? []);
}

/**
 * Whether `run.hparam` keeps a point: it names neither the axis nor a key of the group, or it lists this
 * point's text for each it names. An axis it does not name keeps all its points.
 */
export function keepsPoint(filter: Selection['hparam'], key: string, point: AxisPoint): boolean {
  if (filter === undefined) return true;
  if (filter.get(key)?.has(point.label) === false) return false;
  return (point.inner ?? []).every((inner) => filter.get(inner.key)?.has(inner.text) !== false);
}

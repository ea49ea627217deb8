import type { Axis, AxisPoint, Locate } from './config.ts';
import { orderedEntries } from './ordered-entries.ts';
import type { WrittenLaunch } from './written-launch.ts';

export type WrittenHparam = WrittenLaunch['model'][string]['hparam'];

/** The hyperparameters of a model or dataset as axes and its values, in file order. */
export function normalizeHparam(written: WrittenHparam, owner: readonly string[], locate: Locate): Axis[] {
  const path = [...owner, 'hparam'];
  return orderedEntries(written ?? {}, path, locate).map(([key, value]) => ({
    ...parseKey(key),
    points: toPoints(value, [...path, key], locate),
  }));
}

/** A hyperparameter's name, and whether it shows in the trial's: a leading `_` says that it does not. */
export function parseKey(written: string): { readonly key: string; readonly visible: boolean } {
  return written.startsWith('_')
    ? { key: written.slice(1), visible: false }
    : { key: written, visible: true };
}

function toPoints(
  value: NonNullable<WrittenHparam>[string],
  path: readonly string[],
  locate: Locate,
): AxisPoint[] {
  if (typeof value === 'string') return [{ label: value }];
  if (Array.isArray(value)) return value.map((label) => ({ label }));
  return orderedEntries(value, path, locate).map(([label, group]) => ({
    label,
    inner: orderedEntries(group, [...path, label], locate).map(([key, text]) => ({ ...parseKey(key), text })),
  }));
}

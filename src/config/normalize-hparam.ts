import type { Axis, AxisPoint } from './config.ts';
import type { WrittenLaunch } from './written-launch.ts';

export type WrittenHparam = WrittenLaunch['model'][string]['hparam'];

/** The hyperparameters of a model or dataset as axes and its values, in file order. */
export function normalizeHparam(written: WrittenHparam): Axis[] {
  return Object.entries(written ?? {}).map(([key, value]) => ({ ...parseKey(key), points: toPoints(value) }));
}

/** A hyperparameter's name, and whether it shows in the trial's: a leading `_` says that it does not. */
export function parseKey(written: string): { readonly key: string; readonly visible: boolean } {
  return written.startsWith('_')
    ? { key: written.slice(1), visible: false }
    : { key: written, visible: true };
}

function toPoints(value: NonNullable<WrittenHparam>[string]): AxisPoint[] {
  if (typeof value === 'string') return [{ label: value }];
  if (Array.isArray(value)) return value.map((label) => ({ label }));
  return Object.entries(value).map(([label, group]) => ({
    label,
    inner: Object.entries(group).map(([key, text]) => ({ ...parseKey(key), text })),
  }));
}

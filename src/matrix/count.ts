import type { Axis, Config, Entry } from '../config/config.ts';
import { keptPoints, type ResolvedSelection } from './selection.ts';

/** Above this many pairs of model and dataset a matrix that is too large is not counted to its end. */
const pairLimit = 20_000;

/** How many trials a matrix has: exactly, or at least so many, where going on would only cost time. */
export interface Count {
  readonly trials: bigint;
  readonly exact: boolean;
}

/**
 * Counts the trials of some entries of `run`, repetitions included, without building any. Stops early once
 * the count is above `limit` and there are many pairs left.
 */
export function countTrials(selections: readonly ResolvedSelection[], limit: number): Count {
  let small = 0;
  let trials = 0n;
  let pairs = 0;
  for (const { datasets, models, written } of selections) {
    const kept = new Map<Axis, number>();
    const sizeOf = (axis: Axis) => {
      let size = kept.get(axis);
      if (size === undefined) {
        size = keptPoints(written.hparam, axis).length;
        kept.set(axis, size);
      }
      return size;
    };
    const ofModels = models.map((model) => ({
      keys: new Set(model.axes.map((axis) => axis.key)),
      sizes: model.axes.map(sizeOf),
    }));
    for (const dataset of datasets) {
      for (const model of ofModels) {
        const own = dataset.axes.filter((axis) => !model.keys.has(axis.key)).map(sizeOf);
        const sizes = [...own, ...model.sizes];
        const product = sizes.reduce((total, size) => total * size, 1);
        if (product <= limit) small += product;
        else trials += sizes.reduce((total, size) => total * BigInt(size), 1n);
        if (++pairs > pairLimit && (small > limit || trials > 0n))
          return { trials: trials + BigInt(small), exact: false };
      }
    }
  }
  return { trials: trials + BigInt(small), exact: true };
}

/** Counts everything the file can express, whatever `run` selects. */
export function countEverything(config: Config, limit: number): Count {
  const { datasets, models }: { datasets: readonly Entry[]; models: Config['models'] } = config;
  return countTrials([{ index: 0, written: {}, datasets, models }], limit);
}

/** `1000000` → `1,000,000`, and `1.0e240` where nobody would count the digits. */
export function formatCount(count: bigint | number): string {
  const digits = String(count);
  if (digits.length > 40) return `${digits[0]}.${digits[1]}e${digits.length - 1}`;
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

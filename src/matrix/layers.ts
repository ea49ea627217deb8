import type { Config } from '../config/config.ts';
import type { Pair } from './axes.ts';

export type LayerName = 'policy' | 'kube' | 'root' | 'dataset' | 'model';

/** A field as one layer writes it. */
export interface WrittenField {
  readonly layer: LayerName;
  /** Its path in `launch.yaml`, or in `kube.yaml` for the layers `kube` and `policy`. */
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** The written layers of a pair, highest first; the policy pack's defaults are the lowest. `null` is a value: it says "none" over a lower layer. */
export function layersOf(
  config: Config,
  pair: Pair,
): readonly { layer: LayerName; path: readonly string[]; fields: Readonly<Record<string, unknown>> }[] {
  return [
    { layer: 'model', path: ['model', pair.model.name], fields: { ...pair.model.fields } },
    { layer: 'dataset', path: ['dataset', pair.dataset.name], fields: { ...pair.dataset.fields } },
    { layer: 'root', path: [], fields: { ...config.root } },
    { layer: 'kube', path: [], fields: { ...config.kube } },
    { layer: 'policy', path: ['policy'], fields: { ...config.policy?.defaults } },
  ];
}

/** The highest layer's value of a field. */
export function findField(config: Config, pair: Pair, name: string): WrittenField | undefined {
  for (const { layer, path, fields } of layersOf(config, pair)) {
    const value = fields[name];
    if (value !== undefined) return { layer, path: [...path, name], value };
  }
  return undefined;
}

import type { Config } from '../config/config.ts';

/** Whether any trial may be packed, told without making their specs. */
export function usesPacks(config: Config): boolean {
  const entries = [...config.models, ...config.datasets];
  const layers = [config.policy?.defaults, config.kube, config.root, ...entries.map(({ fields }) => fields)];
  return (
    layers.some((layer) => (layer?.pack ?? 1) > 1) ||
    entries.some(({ axes }) =>
      axes.some(
        ({ key, points }) =>
          key === 'pack' || points.some((point) => point.inner?.some((each) => each.key === 'pack')),
      ),
    )
  );
}

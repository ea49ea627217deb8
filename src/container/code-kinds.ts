import type { Config } from '../config/config.ts';

export type CodeKind = 'git' | 'snapshot' | 'image';

/** Every way in which a trial of the configuration gets its code. */
export function codeKinds(config: Config): ReadonlySet<CodeKind> {
  const kinds = new Set<CodeKind>();
  const below = config.root.code ?? config.kube.code ?? 'git';
  for (const model of config.models) {
    for (const dataset of config.datasets) kinds.add(model.fields.code ?? dataset.fields.code ?? below);
  }
  for (const { axes } of [...config.models, ...config.datasets]) {
    for (const { key, points } of axes) {
      if (key === 'code') for (const { label } of points) if (isKind(label)) kinds.add(label);
    }
  }
  return kinds;
}

function isKind(text: string): text is CodeKind {
  return text === 'git' || text === 'snapshot' || text === 'image';
}

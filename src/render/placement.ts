import type { ResolvedFields } from '../config/resolved-fields.ts';

interface Expression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn';
  readonly values: readonly string[];
}

/** Node affinity from the GPU and host lists; `undefined` where there is none. `special_gpu` drops the GPU lists. */
export function affinityOf(fields: ResolvedFields): object | undefined {
  const gpus = fields.special_gpu
    ? []
    : expressions('nvidia.com/gpu.product', fields.gpu_whitelist, fields.gpu_blacklist);
  const hosts = expressions('kubernetes.io/hostname', fields.hostname_whitelist, fields.hostname_blacklist);
  const matchExpressions = [...gpus, ...hosts];
  if (matchExpressions.length === 0) return undefined;
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
    },
  };
}

function expressions(
  key: string,
  whitelist: readonly string[] | null | undefined,
  blacklist: readonly string[] | null | undefined,
): readonly Expression[] {
  return [
    ...(whitelist?.length ? [{ key, operator: 'In', values: whitelist } as const] : []),
    ...(blacklist?.length ? [{ key, operator: 'NotIn', values: blacklist } as const] : []),
  ];
}

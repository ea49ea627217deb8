import type { OverridableFields } from '../config/fields.ts';

type Amounts = Record<string, string | number>;

export interface Resources {
  readonly requests: Readonly<Amounts>;
  readonly limits: Readonly<Amounts>;
}

type ResourceFields = Pick<
  OverridableFields,
  'cpu_count' | 'memory' | 'ephemeral_storage' | 'gpu_count' | 'special_gpu' | 'limit_ratio'
>;

/**
 * Requests as the fields say, in cores and GiB; limits are the requests times `limit_ratio` for CPU and memory.
 * GPUs are on both sides, as Kubernetes wants them; a fraction is none of these, see `gpuFraction`.
 */
export function resourcesOf(fields: ResourceFields): Resources {
  const { cpu_count, memory, ephemeral_storage, gpu_count, special_gpu, limit_ratio = 2 } = fields;
  const requests: Amounts = {};
  const limits: Amounts = {};
  if (cpu_count !== undefined) {
    requests['cpu'] = formatCores(cpu_count);
    limits['cpu'] = formatCores(cpu_count * limit_ratio);
  }
  if (memory !== undefined) {
    requests['memory'] = formatGib(memory);
    limits['memory'] = formatGib(memory * limit_ratio);
  }
  if (ephemeral_storage !== undefined) requests['ephemeral-storage'] = formatGib(ephemeral_storage);
  if (gpu_count !== undefined && gpu_count > 0 && Number.isInteger(gpu_count)) {
    const name = `nvidia.com/${special_gpu ?? 'gpu'}`;
    requests[name] = gpu_count;
    limits[name] = gpu_count;
  }
  return { requests, limits };
}

/** Whole cores as a number, others as `2500m`. */
function formatCores(cores: number): string | number {
  const milli = Math.ceil(withoutNoise(cores * 1000));
  return milli % 1000 === 0 ? milli / 1000 : `${milli}m`;
}

/** `16Gi`; what is not whole GiB as `1536Mi`. */
export function formatGib(gib: number): string {
  const mib = Math.ceil(withoutNoise(gib * 1024));
  return mib % 1024 === 0 ? `${mib / 1024}Gi` : `${mib}Mi`;
}

/** 0.1 × 3 is not to become 301 millicores. */
function withoutNoise(value: number): number {
  return Number(value.toPrecision(12));
}

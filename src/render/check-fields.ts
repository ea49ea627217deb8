import type { ResolvedFields } from '../config/resolved-fields.ts';
import type { LimitProblem } from './limit-problem.ts';

/** Schedulers that share a GPU between pods, by the annotation `gpu-fraction`. */
const sharingSchedulers = new Set(['runai-scheduler', 'kai-scheduler']);

/** The part of one GPU asked for, where `gpu_count` is no whole number. */
export function gpuFraction(fields: ResolvedFields): number | undefined {
  const { gpu_count: count } = fields;
  return Number.isInteger(count) ? undefined : count;
}

/** What fields say together that no cluster can do. */
export function checkFields(fields: ResolvedFields): readonly LimitProblem[] {
  const problems: LimitProblem[] = [];
  const fraction = gpuFraction(fields);
  if (fraction !== undefined) {
    const shares = sharingSchedulers.has(fields.scheduler_name ?? '');
    if (!shares) {
      problems.push({
        code: 'RENDER_GPU_FRACTION',
        message: `gpu_count is ${fraction}, and Kubernetes hands out whole GPUs only`,
        field: 'gpu_count',
        hint: `to run several trials on one GPU, write gpu_count: 1 and pack: ${Math.max(2, Math.floor(1 / fraction))}; where run:ai's scheduler is installed, add scheduler_name: runai-scheduler`,
      });
    } else if (fraction > 1) {
      problems.push({
        code: 'RENDER_GPU_FRACTION',
        message: `gpu_count is ${fraction}; a scheduler shares one GPU, or gives whole ones`,
        field: 'gpu_count',
        hint: 'write a number below 1, or a whole one',
      });
    }
  }
  return problems;
}

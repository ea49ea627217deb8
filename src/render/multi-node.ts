import type { ResolvedFields } from '../config/resolved-fields.ts';
import type { EnvVar } from './environment.ts';

/** Where the nodes of a trial meet; torchrun's own default. */
export const rendezvousPort = 29_500;

/** The headless Service that gives the pods of an Indexed Job their names. Services start with a letter. */
export function serviceName(job: string): string {
  return /^[a-z]/.test(job) ? job : `t-${job}`;
}

/**
 * Variables by which the pods of a multi-node trial find each other: what `torchrun` without arguments of its
 * own reads (`PET_…`), and the names that other launchers use. `RANK` is the pod's, from 0.
 */
export function multiNodeEnv(job: string, nodes: number, fields: ResolvedFields): readonly EnvVar[] {
  const gpus = Math.floor(fields.gpu_count);
  const address = `${job}-0.${serviceName(job)}`;
  const rank = {
    fieldRef: { fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']" },
  };
  const literal = (name: string, value: string | number): EnvVar => ({ name, value: String(value) });
  return [
    literal('MASTER_ADDR', address),
    literal('MASTER_PORT', rendezvousPort),
    literal('WORLD_SIZE', nodes),
    { name: 'RANK', valueFrom: rank },
    literal('NNODES', nodes),
    literal('GPUS_PER_NODE', gpus),
    literal('PET_NNODES', nodes),
    { name: 'PET_NODE_RANK', valueFrom: rank },
    literal('PET_NPROC_PER_NODE', Math.max(1, gpus)),
    literal('PET_MASTER_ADDR', address),
    literal('PET_MASTER_PORT', rendezvousPort),
  ];
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where it is kept on which cluster a sweep was started. */
export const sweepClusterPath = '.toolbox/cluster.json';

/** Whether a sweep has been started on a cluster from here. */
export function hasSweepCluster(root: string): boolean {
  return existsSync(join(root, sweepClusterPath));
}

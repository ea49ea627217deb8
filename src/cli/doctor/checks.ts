import type { Check } from './check.ts';

/** Every check, in the order they are printed; a topic's file is loaded when its turn comes. */
export const topics: readonly (() => Promise<readonly Check[]>)[] = [
  async () => (await import('./machine.ts')).machineChecks,
  async () => (await import('./project.ts')).projectChecks,
  async () => (await import('./cluster.ts')).clusterChecks,
  async () => (await import('./runai.ts')).runaiChecks,
  async () => (await import('./bucket.ts')).bucketChecks,
];

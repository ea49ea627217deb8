import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { findForeignJobs } from '../../executors/kubernetes/foreign-jobs.ts';
import { kubeconfigFiles } from '../../executors/kubernetes/merge-kubeconfigs.ts';
import { OutcomeMemory } from '../../executors/kubernetes/outcome-memory.ts';
import type { ExitCode } from '../../exit-code.ts';
import { DiskRecordStore } from '../../records/record-store.ts';
import { hasSweepCluster } from '../../records/sweep-cluster-path.ts';
import { openPlan, usesRunai } from '../project.ts';
import { lookAtJobs, watchJobs } from './cluster-status.ts';
import { openPlacedPlan } from './last-launch.ts';
import { type Cluster, type ClusterConfig, hasCluster, openCluster } from './open-cluster.ts';
import { type ClusterStatusOptions, type Outlook, printClusterStatus } from './print-cluster-status.ts';

/**
 * The status on the cluster, or `undefined` where the project has none or this machine has no kubeconfig: then
 * only local runs are known.
 */
export async function statusOfCluster(
  options: ClusterStatusOptions & { readonly yes: boolean },
  context: Context,
): Promise<ExitCode | undefined> {
  if (await usesRunai(context)) {
    const { lookAtRunai } = await import('../runai/look-at-runai.ts');
    const project = await openPlan(context, { side: 'remote' });
    return await printClusterStatus(project, await lookAtRunai(project, context), options, context);
  }
  // Whoever watches means a cluster: that it cannot be asked is told.
  if (!options.watch && !mayHaveCluster(context)) return undefined;
  const { place, plan } = await openPlacedPlan(options, context);
  if (!options.watch && !hasCluster(place)) return undefined;
  using cluster = await openToLook(place, options, context);
  const { api, owner } = cluster;
  const outcomes = new OutcomeMemory(api, new DiskRecordStore(context.cwd, () => undefined));
  const maxParallel = plan?.config.project.max_parallel;
  const outlook: Outlook = {
    once: () => lookAtJobs(cluster, maxParallel, context, outcomes),
    watch: () => watchJobs(cluster, maxParallel, context, outcomes),
    explainMissing: (names) => findForeignJobs(api, owner, names, context.signal),
  };
  return await printClusterStatus(plan, outlook, options, context);
}

/**
 * The cluster, for a command that also knows what has run on this machine, and says so where there is no kubeconfig.
 *
 * @throws DiagnosticError
 */
export async function openToLook(
  config: ClusterConfig,
  { yes }: { readonly yes: boolean },
  context: Context,
): Promise<Cluster> {
  try {
    return await openCluster(config, { yes }, context);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const told = error.diagnostics.map((each) =>
      each.code === 'KUBE_CONFIG_MISSING'
        ? { ...each, hint: `${each.hint}; local=true shows what has run on this machine` }
        : each,
    );
    throw new DiagnosticError(told, error.exitCode);
  }
}

/**
 * Whether it is worth looking: without a kubeconfig there is no cluster to ask. That is how a laptop without
 * access looks, and no mistake.
 */
export function mayHaveCluster({ cwd, env }: Pick<Context, 'cwd' | 'env'>): boolean {
  if (!existsSync(join(cwd, 'config/kube.yaml'))) return false;
  return (
    env['KUBERNETES_SERVICE_HOST'] !== undefined ||
    // Whoever names a file, or has started a sweep here, has a cluster: that it cannot be asked is told.
    Boolean(env['KUBECONFIG']) ||
    hasSweepCluster(cwd) ||
    kubeconfigFiles(env).some((path) => existsSync(path))
  );
}

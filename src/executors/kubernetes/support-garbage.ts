import { supportLabel, trialLabel } from '../../render/owner-labels.ts';
import { isApiError } from './api-error.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { configMaps, jobs, type ObjectMeta, type PodSpec, pods, secrets, services } from './objects.ts';
import { isOurs, type Owner, ownerSelector } from './owner.ts';

/**
 * Milliseconds during which a new support object may be somebody's whose `make job` has applied it and not yet
 * created the Job that uses it.
 */
export const supportYouth = 600_000;

/**
 * Removes Secrets, ConfigMaps and Services of ours that nothing uses any more. A missing right to do so is not
 * worth failing for: they are small, and the next one with the right removes them.
 *
 * @param options.keep names that are in use although no workload shows it yet
 * @param options.youth milliseconds, by the cluster's clock, below which an object is left alone
 * @returns the names of what was removed
 */
export async function collectSupport(
  api: NamespaceApi,
  owner: Owner,
  options: { readonly keep: ReadonlySet<string>; readonly youth: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const labels = ownerSelector(owner);
  try {
    // Supports first: what a workload created after that uses is not among them, or was just applied.
    const found = await Promise.all(
      [secrets, configMaps, services].map(async (resource) => {
        const { items } = await api.list(
          resource,
          { labels: resource === services ? labels : `${labels},${supportLabel}` },
          signal,
        );
        return items.map((object) => ({ resource, object }));
      }),
    );
    const [jobList, podList] = await Promise.all([
      api.list(jobs, { labels }, signal),
      api.list(pods, { labels }, signal),
    ]);
    const used = new Set(options.keep);
    for (const job of jobList.items)
      for (const name of referencesOf(job.spec?.template?.spec)) used.add(name);
    // Those of a Job use what it uses; where the Job is gone, they are ending and have mounted theirs.
    for (const pod of podList.items.filter(({ metadata }) => !isOfJob(metadata)))
      for (const name of referencesOf(pod.spec)) used.add(name);
    const trials = new Set(jobList.items.map((job) => job.metadata.name));
    const objects = found.flat();
    const now = api.client.serverTime();
    const unused = objects.filter(
      ({ resource, object }) =>
        isOurs(object, owner) &&
        !used.has(object.metadata.name) &&
        !(
          resource === services && trials.has(object.metadata.labels?.[trialLabel] ?? object.metadata.name)
        ) &&
        now - Date.parse(object.metadata.creationTimestamp) >= options.youth,
    );
    await Promise.all(unused.map(({ resource, object }) => api.delete(resource, object.metadata, signal)));
    return unused.map(({ object }) => object.metadata.name);
  } catch (error) {
    signal.throwIfAborted();
    if (isApiError(error, 'Forbidden')) return [];
    throw error;
  }
}

function isOfJob({ ownerReferences }: ObjectMeta): boolean {
  return ownerReferences?.some(({ kind }) => kind === 'Job') === true;
}

/** Names of the Secrets and ConfigMaps a pod refers to. */
function referencesOf(spec: PodSpec | undefined): readonly string[] {
  const names: (string | undefined)[] = [];
  for (const volume of spec?.volumes ?? []) {
    names.push(volume.secret?.secretName, volume.configMap?.name);
    for (const source of volume.projected?.sources ?? [])
      names.push(source.secret?.name, source.configMap?.name);
  }
  for (const container of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    for (const each of container.envFrom ?? []) names.push(each.secretRef?.name, each.configMapRef?.name);
    for (const { valueFrom } of container.env ?? [])
      names.push(valueFrom?.secretKeyRef?.name, valueFrom?.configMapKeyRef?.name);
  }
  for (const { name } of spec?.imagePullSecrets ?? []) names.push(name);
  return names.filter((name) => name !== undefined);
}

import { supportLabel, trialLabel } from '../../render/owner-labels.ts';
import { isApiError } from './api-error.ts';
import type { NamespaceApi } from './namespace-api.ts';
import {
  configMaps,
  jobs,
  type KubeObject,
  type ObjectMeta,
  pods,
  type Resource,
  secrets,
  services,
} from './objects.ts';
import { isOurs, type Owner, ownerSelector } from './owner.ts';
import { needsOf } from './pod-needs.ts';
import { applyObject } from './submit-job.ts';

/**
 * Milliseconds during which a new support object may be somebody's whose `make job` has applied it and not yet
 * created the Job that uses it.
 */
export const supportYouth = 600_000;

/**
 * Removes Secrets, ConfigMaps and Services of ours that nothing uses any more. Another `make job` may find one of
 * them there and create a Job that uses it while it is being removed: whatever is used after the removal is put
 * back, and a launch looks after its last creation whether all is still there, so that one of the two sees it.
 * A missing right to do so is not worth failing for: they are small, and the next one with the right removes them.
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
    const isUsed = await findUses(api, owner, signal);
    const now = api.client.serverTime();
    const unused = found
      .flat()
      .filter(
        (each) =>
          isOurs(each.object, owner) &&
          !options.keep.has(each.object.metadata.name) &&
          !isUsed(each) &&
          now - Date.parse(each.object.metadata.creationTimestamp) >= options.youth,
      );
    if (unused.length === 0) return [];
    await Promise.all(unused.map(({ resource, object }) => api.delete(resource, object.metadata, signal)));
    const isUsedNow = await findUses(api, owner, signal);
    const taken = unused.filter(isUsedNow);
    await Promise.all(taken.map((each) => putBack(api, owner, each, signal)));
    return unused.filter((each) => !taken.includes(each)).map(({ object }) => object.metadata.name);
  } catch (error) {
    signal.throwIfAborted();
    if (isApiError(error, 'Forbidden')) return [];
    throw error;
  }
}

interface Found {
  readonly resource: Resource<KubeObject>;
  readonly object: KubeObject;
}

/** By what our Jobs and pods refer to now. */
async function findUses(
  api: NamespaceApi,
  owner: Owner,
  signal: AbortSignal,
): Promise<(found: Found) => boolean> {
  const labels = ownerSelector(owner);
  const [jobList, podList] = await Promise.all([
    api.list(jobs, { labels }, signal),
    api.list(pods, { labels }, signal),
  ]);
  const used = new Set<string>();
  const trials = new Set<string>();
  for (const job of jobList.items) {
    for (const { name } of needsOf(job.spec?.template?.spec)) used.add(name);
    trials.add(job.metadata.name);
  }
  // Those of a Job use what it uses; where the Job is gone, they are ending and have mounted theirs.
  for (const pod of podList.items.filter(({ metadata }) => !isOfJob(metadata)))
    for (const { name } of needsOf(pod.spec)) used.add(name);
  return ({ resource, object: { metadata } }) =>
    used.has(metadata.name) ||
    (resource === services && trials.has(metadata.labels?.[trialLabel] ?? metadata.name));
}

/** As it was listed, but for what the server gives an object itself. */
async function putBack(
  api: NamespaceApi,
  owner: Owner,
  { resource, object }: Found,
  signal: AbortSignal,
): Promise<void> {
  const { name, labels, annotations } = object.metadata;
  const metadata = { name, ...(labels && { labels }), ...(annotations && { annotations }) };
  const again = { ...object, apiVersion: 'v1', kind: resource.kind, metadata };
  await applyObject(api, owner, again, signal);
}

function isOfJob({ ownerReferences }: ObjectMeta): boolean {
  return ownerReferences?.some(({ kind }) => kind === 'Job') === true;
}

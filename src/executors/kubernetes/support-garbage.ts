import { supportLabel, trialLabel } from '../../render/owner-labels.ts';
import { isApiError } from './api-error.ts';
import { metadataOfList, type NamespaceApi, throwRefused } from './namespace-api.ts';
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

/** A Secret, ConfigMap or Service of ours. */
export interface SupportObject {
  readonly resource: Resource<KubeObject>;
  readonly object: KubeObject;
  /** As kubectl names it: `secret/NAME`. */
  readonly title: string;
}

export interface CollectedSupport {
  readonly removed: readonly string[];
  /** What there is no right to remove. */
  readonly left: readonly string[];
}

/**
 * Secrets, ConfigMaps and Services of ours that nothing uses any more. Kinds that may not be listed are left out.
 *
 * @param options.keep names that are in use although no workload shows it yet
 * @param options.youth milliseconds, by the cluster's clock, below which an object is left alone
 */
export async function findUnusedSupport(
  api: NamespaceApi,
  owner: Owner,
  options: { readonly keep: ReadonlySet<string>; readonly youth: number },
  signal: AbortSignal,
): Promise<readonly SupportObject[]> {
  const labels = ownerSelector(owner);
  // Supports first: what a workload created after that uses is not among them, or was just applied.
  const found = await Promise.all(
    [secrets, configMaps, services].map(async (resource): Promise<readonly SupportObject[]> => {
      const select = { labels: resource === services ? labels : `${labels},${supportLabel}` };
      const { items } = await api.list(resource, select, signal).catch(noneIfForbidden);
      return items.map((object) => ({
        resource,
        object,
        title: `${resource.kind.toLowerCase()}/${object.metadata.name}`,
      }));
    }),
  );
  const now = api.client.serverTime();
  const old = found
    .flat()
    .filter(
      ({ object }) =>
        isOurs(object, owner) &&
        !options.keep.has(object.metadata.name) &&
        now - Date.parse(object.metadata.creationTimestamp) >= options.youth,
    );
  if (old.length === 0) return [];
  const isUsed = await findUses(api, owner, signal);
  return old.filter((each) => !isUsed(each));
}

/**
 * Removes what {@link findUnusedSupport} found. Another `make job` may find one of them there and create a Job that
 * uses it while it is being removed: whatever is used after the removal is put back, and a launch looks after its
 * last creation whether all is still there, so that one of the two sees it. A missing right is not worth failing for:
 * the next one who has it removes them.
 */
async function removeSupport(
  api: NamespaceApi,
  owner: Owner,
  unused: readonly SupportObject[],
  signal: AbortSignal,
): Promise<CollectedSupport> {
  const left = new Set<SupportObject>();
  await Promise.all(
    unused.map(async (each) => {
      try {
        await api.delete(each.resource, each.object.metadata, signal);
      } catch (error) {
        if (!isApiError(error, 'Forbidden')) throw error;
        left.add(each);
      }
    }),
  );
  const gone = unused.filter((each) => !left.has(each));
  if (gone.length === 0) return { removed: [], left: [...left].map(titleOf) };
  const isUsed = await findUses(api, owner, signal);
  const taken = gone.filter(isUsed);
  await Promise.all(taken.map((each) => putBack(api, owner, each, signal)));
  return {
    removed: gone.filter((each) => !taken.includes(each)).map(titleOf),
    left: [...left].map(titleOf),
  };
}

/** Finds and removes them. @throws DiagnosticError */
export async function collectSupport(
  api: NamespaceApi,
  owner: Owner,
  options: Parameters<typeof findUnusedSupport>[2],
  signal: AbortSignal,
): Promise<CollectedSupport> {
  try {
    return await removeSupport(api, owner, await findUnusedSupport(api, owner, options, signal), signal);
  } catch (error) {
    // Who may not list workloads cannot know what they use.
    if (isApiError(error, 'Forbidden')) return { removed: [], left: [] };
    return throwRefused('what no workload uses any more cannot be removed', error);
  }
}

/** Whether there is a Secret or ConfigMap of ours besides these: two small listings, of metadata only. */
export async function hasOtherSupport(
  api: NamespaceApi,
  owner: Owner,
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const select = { labels: `${ownerSelector(owner)},${supportLabel}` };
  const lists = await Promise.all(
    [secrets, configMaps].map((resource) =>
      api.list(resource, select, signal, metadataOfList).catch(noneIfForbidden),
    ),
  ).catch((error) => throwRefused('Secrets and ConfigMaps cannot be listed', error));
  return lists.some(({ items }) => items.some(({ metadata }) => !known.has(metadata.name)));
}

function noneIfForbidden(error: unknown): { readonly items: readonly KubeObject[] } {
  if (isApiError(error, 'Forbidden')) return { items: [] };
  throw error;
}

function titleOf({ title }: SupportObject): string {
  return title;
}

/** By what our Jobs and pods refer to now. */
async function findUses(
  api: NamespaceApi,
  owner: Owner,
  signal: AbortSignal,
): Promise<(found: SupportObject) => boolean> {
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
  { resource, object }: SupportObject,
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

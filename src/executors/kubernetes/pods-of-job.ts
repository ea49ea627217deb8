import type { NamespaceApi } from './namespace-api.ts';
import { type Job, type KubeObject, type Pod, pods } from './objects.ts';

/**
 * By the Job's own selector, which holds its UID: pods of one before it may still be ending under the same name.
 * The label's name differs between versions of Kubernetes: it has its prefix since 1.27.
 */
export async function podsOfJob(
  api: NamespaceApi,
  { metadata, spec }: Job,
  signal: AbortSignal,
): Promise<readonly Pod[]> {
  const selector = spec?.selector?.matchLabels ?? { 'batch.kubernetes.io/controller-uid': metadata.uid };
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  return (await api.list(pods, { labels: labels.join() }, signal)).items;
}

/** The Job that made a pod; `undefined` for a pod of its own. */
export function jobOfPod({ metadata: { ownerReferences } }: KubeObject): string | undefined {
  return ownerReferences?.find(({ kind }) => kind === 'Job')?.name;
}

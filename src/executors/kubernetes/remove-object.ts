import type { NamespaceApi } from './namespace-api.ts';
import type { KubeObject, Resource } from './objects.ts';

/** Milliseconds a deletion may take: a pod gets 30 s to end, and a busy cluster some more. */
export const deletionPatience = 180_000;

/**
 * Deletes exactly the object of this UID, and waits until it is gone.
 *
 * @param object.resourceVersion when given, an object that has changed since is left
 * @throws DiagnosticError KUBE_STUCK when finalizers hold it
 * @throws ApiError
 */
export async function removeObject(
  api: NamespaceApi,
  resource: Resource<KubeObject>,
  object: { readonly name: string; readonly uid: string; readonly resourceVersion?: string },
  signal: AbortSignal,
): Promise<'gone' | 'changed'> {
  const answer = await api.delete(resource, object, signal);
  if (answer !== 'deleting') return answer;
  await api.waitUntilGone(resource, object, { patience: deletionPatience }, signal);
  return 'gone';
}

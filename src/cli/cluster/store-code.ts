import type { PreparedCode } from '../../container/prepare-code.ts';
import type { Context } from '../../context.ts';
import { applyObject } from '../../executors/kubernetes/submit-job.ts';
import { codeObjects } from '../render/code-objects.ts';
import type { Cluster } from './open-cluster.ts';

/** Puts a snapshot of the code where its placement says pods fetch it: the bucket, ConfigMaps or Secrets. Idempotent. */
export async function storeCode(code: PreparedCode, cluster: Cluster, context: Context): Promise<void> {
  const { snapshot, placement } = code;
  const placed = placement.snapshot;
  if (snapshot === undefined || placed?.kind !== 'snapshot') return;
  if (placed.from.store === 'bucket') {
    const { openBucket } = await import('../../open-bucket.ts');
    const { storeSnapshot } = await import('../../container/store-snapshot.ts');
    await storeSnapshot(snapshot, (await openBucket(context)).store, context.signal);
    return;
  }
  for (const object of await codeObjects(code, cluster.owner, cluster.api.namespace))
    await applyObject(cluster.api, cluster.owner, object, context.signal);
}

import { readFile } from 'node:fs/promises';
import type { PreparedCode } from '../../container/prepare-code.ts';
import { snapshotConfigMaps } from '../../container/snapshot-config-maps.ts';
import type { Context } from '../../context.ts';
import { ownerLabels } from '../../executors/kubernetes/owner.ts';
import { applyObject } from '../../executors/kubernetes/submit-job.ts';
import { supportLabel } from '../../render/owner-labels.ts';
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
  const labels = { ...ownerLabels(cluster.owner), [supportLabel]: 'code' };
  const packed = await readFile(snapshot.file);
  const { names, secret } = placed.from;
  const metadata = { namespace: cluster.api.namespace, labels };
  for (const object of snapshotConfigMaps(packed, names, metadata, secret))
    await applyObject(cluster.api, cluster.owner, object, context.signal);
}

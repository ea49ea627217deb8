import { readFile } from 'node:fs/promises';
import type { Config } from '../../config/config.ts';
import type { PreparedCode } from '../../container/prepare-code.ts';
import { snapshotConfigMaps } from '../../container/snapshot-config-maps.ts';
import { type Owner, ownerLabels } from '../../executors/kubernetes/owner.ts';
import { supportLabel } from '../../render/owner-labels.ts';
import type { KubernetesObject } from '../../render/rendered-object.ts';

/** The ConfigMaps or Secrets in which a snapshot of the code reaches its pods; none where it is not kept in such. */
export async function codeObjects(
  { snapshot, placement: { snapshot: placed } }: PreparedCode,
  owner: Owner,
  namespace: string,
): Promise<readonly KubernetesObject[]> {
  if (snapshot === undefined || placed?.kind !== 'snapshot' || placed.from.store === 'bucket') return [];
  const labels = { ...ownerLabels(owner), [supportLabel]: 'code' };
  const { names, secret } = placed.from;
  return snapshotConfigMaps(await readFile(snapshot.file), names, { namespace, labels }, secret);
}

/** The same before there is a cluster to ask. */
export async function plannedCodeObjects(
  code: PreparedCode,
  { project }: Config,
): Promise<readonly KubernetesObject[]> {
  const owner = { user: project.user ?? '', project: project.project_name };
  return await codeObjects(code, owner, project.namespace ?? '');
}

import { formatCodeReference } from '../../container/code-reference.ts';
import type { Context } from '../../context.ts';
import { jobs } from '../../executors/kubernetes/objects.ts';
import { annotationNames } from '../../render/owner-labels.ts';
import { openProject } from '../project.ts';
import { hasCluster, openCluster } from './open-cluster.ts';

/**
 * The code that a Job says it runs, as its annotation has it, `image` for one that has none; `undefined` without a
 * cluster or a Job of a trial of that name.
 *
 * @throws DiagnosticError, ApiError where the cluster cannot be asked
 */
export async function codeOfJob(name: string, context: Context): Promise<string | undefined> {
  const config = await openProject(context);
  if (!hasCluster(config)) return undefined;
  using cluster = await openCluster(config, {}, context);
  const job = await cluster.api.get(jobs, name, context.signal);
  const notes = job?.metadata.annotations ?? {};
  if (notes[annotationNames.fingerprint] === undefined) return undefined;
  return notes[annotationNames.code] ?? formatCodeReference({ kind: 'image' });
}

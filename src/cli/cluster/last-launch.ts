import type { Context } from '../../context.ts';
import { DiagnosticError, warningDiagnostic } from '../../diagnostics/diagnostic.ts';
import { defaultRetryPolicy } from '../../executors/kubernetes/retry-policy.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import type { ClusterConfig } from './open-cluster.ts';
import { readSweepCluster } from './sweep-cluster.ts';

/**
 * Where the sweep is that was started from here, and whose, for when the project's files have mistakes: a sweep must be
 * stoppable before they are mended. A warning says that it goes by this.
 *
 * @param error what reading the files came to; thrown where nothing has been launched, or it is not about the files
 */
export async function openLastLaunch(error: unknown, context: Context): Promise<ClusterConfig> {
  const kept = error instanceof DiagnosticError ? await readSweepCluster(context.cwd) : undefined;
  if (kept?.user === undefined || kept.project === undefined) throw error;
  const { user, project, namespace } = kept;
  reportDiagnostics(
    [
      warningDiagnostic(
        'KUBE_BY_LAST_LAUNCH',
        `the project's files have mistakes: going by the last launch, user=${user}, project=${project}, namespace ${namespace}`,
        { hint: 'make plan names the mistakes' },
      ),
    ],
    context,
  );
  const { concurrency } = defaultRetryPolicy;
  return {
    project: { user, project_name: project, namespace, context: kept.context, concurrency },
    locate: () => undefined,
  };
}

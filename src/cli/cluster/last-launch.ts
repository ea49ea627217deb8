import type { Context } from '../../context.ts';
import { DiagnosticError, warningDiagnostic } from '../../diagnostics/diagnostic.ts';
import { defaultRetryPolicy } from '../../executors/kubernetes/retry-policy.ts';
import type { Only } from '../../matrix/select.ts';
import { openPlan, openProject, type ProjectPlan } from '../project.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import type { ClusterConfig } from './open-cluster.ts';
import { readSweepCluster } from './sweep-cluster.ts';

/**
 * What the project's files say of where its workloads are, and whose. Where they have mistakes, what the last launch
 * from here has kept of it: who is about to edit them still wants to see, enter and stop what runs.
 *
 * @throws DiagnosticError (exit 2) where the files have mistakes, and nothing has been launched
 */
export function openPlace(context: Context): Promise<ClusterConfig> {
  return openProject(context).catch((error: unknown) => openLastLaunch(error, context));
}

/**
 * The plan, and where its workloads are; where the files have mistakes, the place alone.
 *
 * @param asked `where` asks for trials of the plan, and so does `only` for those that are not there or have changed:
 *   without a plan that cannot be answered
 * @throws DiagnosticError (exit 2) where the files have mistakes, and nothing has been launched
 */
export async function openPlacedPlan(
  asked: { readonly where?: string | undefined; readonly only?: Only | undefined },
  context: Context,
): Promise<{ readonly place: ClusterConfig; readonly plan: ProjectPlan | undefined }> {
  try {
    const plan = await openPlan(context, { side: 'remote' });
    return { place: plan.config, plan };
  } catch (error) {
    if (asked.where !== undefined || asked.only === 'changed' || asked.only === 'missing') throw error;
    return { place: await openLastLaunch(error, context), plan: undefined };
  }
}

/** @param error what reading the files came to; thrown where it is not about them, too */
async function openLastLaunch(error: unknown, context: Context): Promise<ClusterConfig> {
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

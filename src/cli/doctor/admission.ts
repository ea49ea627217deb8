import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { hintOfForbidden, isApiError } from '../../executors/kubernetes/api-error.ts';
import type { NamespaceApi } from '../../executors/kubernetes/namespace-api.ts';
import { type Job, pathOf, pods } from '../../executors/kubernetes/objects.ts';
import type { LaunchPlan } from '../../matrix/launch-plan.ts';
import { openRenderer } from '../render/open-renderer.ts';
import { type Finding, ok, problem } from './check.ts';

/**
 * Whether the namespace takes a pod as the first trial's Job makes them: a Job is taken even where all its pods are
 * refused. A dry run goes through the limits, pod security, service accounts and policies of the cluster, and creates
 * nothing.
 */
export async function checkAdmission(
  api: NamespaceApi,
  { config, plan }: { readonly config: Config; readonly plan: LaunchPlan },
  context: Context,
): Promise<readonly Finding[]> {
  const template = await podTemplate(config, plan, context);
  if (template === undefined) return [];
  const { metadata, spec } = template;
  try {
    await api.client.request({
      method: 'POST',
      path: `${pathOf(pods, api.namespace)}?dryRun=All`,
      body: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...metadata, generateName: 'kube-toolbox-doctor-' },
        spec,
      },
      signal: context.signal,
    });
    return [ok('the pod of a trial is taken (dry run)')];
  } catch (error) {
    if (!isApiError(error, 'Forbidden', 'Invalid', 'BadRequest')) throw error;
    // A right that is missing, or a quota that is full, other checks tell; some webhooks take no part in dry runs.
    if (error.isOverQuota || /cannot \w+ resource|does not support dry run/.test(error.message)) return [];
    return [
      problem(
        `the pod of a trial is refused: ${error.message}`,
        hintOfForbidden(error.message) ?? 'make dryrun writes the manifest to build/',
      ),
    ];
  }
}

/** `undefined` where it cannot be made, which the files' own checks tell. */
async function podTemplate(
  config: Config,
  plan: LaunchPlan,
  context: Context,
): Promise<NonNullable<Job['spec']>['template']> {
  try {
    // How it gets its code makes no difference, and nothing is to be stored for it; nor is a key to be made.
    const renderer = await openRenderer(context, config, {}, new Uint8Array(32));
    const rendered = renderer.job(plan.at(0));
    if (!rendered.ok) return undefined;
    return (rendered.value.workload.object as { readonly spec?: Job['spec'] }).spec?.template;
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { isApiError } from '../../executors/kubernetes/api-error.ts';
import { refused } from '../../executors/kubernetes/namespace-api.ts';
import { applyObject } from '../../executors/kubernetes/submit-job.ts';
import { ExitCode } from '../../exit-code.ts';
import { interactivePod } from '../../render/interactive-pod.ts';
import { supportLabel } from '../../render/owner-labels.ts';
import { openRenderer } from '../render/open-renderer.ts';
import { pinCode } from '../render/open-sweep.ts';
import { openCluster } from './open-cluster.ts';

/**
 * Makes the Secret that workloads get the variables of `.env` from, as `make job` would. Its name is a hash of
 * its content, so that one that is there is the right one. `undefined` without variables.
 */
export async function applyEnvSecret(
  config: Config,
  options: { readonly yes: boolean },
  context: Context,
): Promise<{ readonly name: string; readonly action: 'applied' } | undefined> {
  const code = await pinCode(context, config);
  const renderer = await openRenderer(context, config, code.placement);
  const rendered = renderer.job({ ...interactivePod(config), command: 'true' });
  if (!rendered.ok) throw new DiagnosticError(rendered.diagnostics, ExitCode.usage);
  const secret = rendered.value.support.find(
    ({ kind, object }) => kind === 'Secret' && object.metadata.labels?.[supportLabel] === 'env',
  );
  if (secret === undefined) return undefined;
  using cluster = await openCluster(config, { yes: options.yes, isWriting: true }, context);
  try {
    await applyObject(cluster.api, cluster.owner, secret.object, context.signal);
  } catch (error) {
    throw isApiError(error) ? refused(`the Secret ${secret.name} cannot be created`, error) : error;
  }
  return { name: secret.name, action: 'applied' };
}

import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { isApiError } from '../../executors/kubernetes/api-error.ts';
import { refused } from '../../executors/kubernetes/namespace-api.ts';
import { applyObject } from '../../executors/kubernetes/submit-job.ts';
import { ExitCode } from '../../exit-code.ts';
import { interactivePod } from '../../render/interactive-pod.ts';
import type { RenderedObject } from '../../render/rendered-object.ts';
import { openSweep } from '../render/open-sweep.ts';
import { openCluster } from './open-cluster.ts';

/**
 * Makes the Secrets that the trials and the interactive pod need, those of the variables of `.env` and of files, as
 * `make job` would: all that a dry run leaves out of `build/`. Each is named by a hash of its content, so that one
 * that is there is the right one.
 *
 * @returns their names; none where nothing is secret
 */
export async function applySecrets(
  options: { readonly yes: boolean },
  context: Context,
): Promise<readonly string[]> {
  const { config, plan, renderer } = await openSweep(context);
  const secrets = new Map<string, RenderedObject>();
  for (const spec of [{ ...interactivePod(config), command: 'true' }, ...plan]) {
    const rendered = renderer.job(spec);
    if (!rendered.ok) throw new DiagnosticError(rendered.diagnostics, ExitCode.usage);
    for (const each of rendered.value.support) if (each.kind === 'Secret') secrets.set(each.name, each);
  }
  if (secrets.size === 0) return [];
  using cluster = await openCluster(config, { yes: options.yes, isWriting: true }, context);
  for (const { name, object } of secrets.values())
    try {
      await applyObject(cluster.api, cluster.owner, object, context.signal);
    } catch (error) {
      throw isApiError(error) ? refused(`the Secret ${name} cannot be created`, error) : error;
    }
  return [...secrets.keys()];
}

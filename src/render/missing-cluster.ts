import type { Config } from '../config/config.ts';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';

/** What to tell a user who has no `kube.yaml` and wants to render for a cluster. */
export function missingCluster(config: Config): Diagnostic | undefined {
  const { user, namespace } = config.project;
  if (user !== undefined && namespace !== undefined) return undefined;
  return errorDiagnostic('RENDER_NO_CLUSTER', 'config/kube.yaml, which says where to run, is missing', {
    hint: 'make init writes one; local runs need none',
  });
}

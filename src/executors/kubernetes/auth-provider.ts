import type { RequestOptions } from 'node:https';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';

/**
 * The headers of a kubeconfig user with an `auth-provider` (`oidc`, `gcp`, `azure`). These are legacy, rare
 * and involved, so the client library does them; it takes 400 ms to load and is loaded for nothing else.
 */
export async function readAuthProvider(
  user: Readonly<Record<string, unknown>> & { readonly name: string },
): Promise<Readonly<Record<string, string>>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const { name: _, 'auth-provider': authProvider, ...rest } = user;
  config.loadFromString(
    JSON.stringify({
      clusters: [{ name: 'cluster', cluster: { server: 'https://localhost' } }],
      users: [{ name: 'user', user: { ...rest, 'auth-provider': authProvider } }],
      contexts: [{ name: 'context', context: { cluster: 'cluster', user: 'user' } }],
      'current-context': 'context',
    }),
  );
  const options: RequestOptions = { headers: {} };
  const provider = (authProvider as { name?: unknown } | undefined)?.name;
  await config.applyToHTTPSOptions(options as never).catch((cause: Error) => {
    throw refuse(`the auth-provider "${provider}" of the kubeconfig failed: ${cause.message}`, cause);
  });
  const headers = Object.fromEntries(
    Object.entries((options.headers ?? {}) as Record<string, string>).map(([key, value]) => [
      key.toLowerCase(),
      String(value),
    ]),
  );
  if (headers['authorization'] === undefined)
    throw refuse(`the auth-provider "${provider}" of the kubeconfig is not known, or has no token`);
  return headers;
}

/** kubectl itself has refused these since 1.26. */
function refuse(message: string, cause?: unknown): DiagnosticError {
  const hint =
    'get a kubeconfig with an exec plugin, which has taken its place: gke-gcloud-auth-plugin, kubelogin, kubectl oidc-login';
  return new DiagnosticError(errorDiagnostic('KUBE_CREDENTIALS', message, { hint, cause }), 3);
}

import type { RequestOptions } from 'node:https';

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
  await config.applyToHTTPSOptions(options as never);
  const headers = (options.headers ?? {}) as Record<string, string>;
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key.toLowerCase(), String(value)]),
  );
}

import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ExecPlugin, UserEntry } from './credentials.ts';
import { kubeconfigFiles, mergeFiles, messageOf, type Origin, refuse, text } from './merge-kubeconfigs.ts';

// Why not the library's KubeConfig: importing it costs 400 ms (`job` sends its first request within 150 ms
// of process start), it fails on a missing file of a KUBECONFIG list and on a name given twice, where
// kubectl skips and takes the first, and it reads the process's environment instead of the context's.

/** How to reach one cluster as one user: what a context of a kubeconfig comes to. */
export interface ClusterAccess {
  /** Name of the context; `in-cluster` inside a pod without a kubeconfig. */
  readonly context: string;
  /** `https://host:port[/path]`, without a trailing slash. */
  readonly server: string;
  /** The context's own namespace, where it has one. */
  readonly namespace: string | undefined;
  readonly tls: {
    readonly ca?: Buffer;
    readonly servername?: string;
    readonly rejectUnauthorized?: false;
  };
  /** `proxy-url` of the cluster; the environment's proxies are looked up when it is absent. */
  readonly proxyUrl: string | undefined;
  readonly user: UserEntry;
}

const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Reads the kubeconfig as kubectl does: every file of `KUBECONFIG` that exists (else `~/.kube/config`), the
 * first to define a name wins, the first `current-context` wins; without any, the pod's service account.
 *
 * @param context a context's name, or the current one
 * @throws DiagnosticError KUBE_CONFIG_* when there is none, it cannot be read, or a name in it leads nowhere
 */
export async function readKubeconfig(
  env: Readonly<Record<string, string | undefined>>,
  context?: string,
): Promise<ClusterAccess> {
  const merged = await mergeFiles(kubeconfigFiles(env));
  if (merged.contexts.size === 0 && context === undefined) {
    const inside = await readServiceAccount(env);
    if (inside !== undefined) return inside;
  }
  const name = context ?? merged.currentContext;
  const where = merged.files.join(', ');
  if (merged.files.length === 0)
    throw refuse('KUBE_CONFIG_MISSING', `no kubeconfig found at ${kubeconfigFiles(env).join(', ')}`, {
      hint: 'copy the kubeconfig your cluster gives you to ~/.kube/config, or point KUBECONFIG at it',
    });
  if (name === undefined || name === '')
    throw refuse('KUBE_CONFIG_NO_CONTEXT', `no current context is set in ${where}`, {
      hint: `set context in kube.yaml, or: kubectl config use-context ${[...merged.contexts.keys()][0] ?? 'NAME'}`,
    });
  const entry = merged.contexts.get(name);
  if (entry === undefined)
    throw refuse('KUBE_CONFIG_NO_CONTEXT', `there is no context "${name}" in ${where}`, {
      hint: `the contexts are: ${[...merged.contexts.keys()].join(', ') || 'none'}`,
    });
  const cluster = follow(merged.clusters, entry.body['cluster'], 'cluster', name);
  const server = serverOf(text(cluster.body['server']), cluster, name);
  const userName = text(entry.body['user']);
  const user =
    userName === undefined ? { folder: '.', body: {} } : follow(merged.users, userName, 'user', name);
  const ca = await dataOrFile(cluster, 'certificate-authority');
  const servername = text(cluster.body['tls-server-name']);
  return {
    context: name,
    server: server.replace(/\/+$/, ''),
    namespace: text(entry.body['namespace']),
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(servername === undefined ? {} : { servername }),
      ...(cluster.body['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false as const } : {}),
    },
    proxyUrl: text(cluster.body['proxy-url']),
    user: await readUser(user, cluster, server),
  };
}

/** As kubectl: an address without a scheme is HTTPS where there is something to check a certificate with. */
function serverOf(written: string | undefined, cluster: Origin, context: string): string {
  if (written === undefined)
    throw refuse('KUBE_CONFIG_INVALID', `the cluster of context "${context}" has no server`);
  const isSecure = [
    'certificate-authority',
    'certificate-authority-data',
    'insecure-skip-tls-verify',
    'tls-server-name',
  ].some((key) => Boolean(cluster.body[key]));
  const server = written.includes('://') ? written : `${isSecure ? 'https' : 'http'}://${written}`;
  if (!/^https?:\/\//.test(server) || !URL.canParse(server))
    throw refuse('KUBE_CONFIG_INVALID', `the server "${written}" of context "${context}" is no address`, {
      hint: 'it looks like https://HOST:6443',
    });
  return server;
}

function follow(from: ReadonlyMap<string, Origin>, name: unknown, what: string, context: string): Origin {
  const entry = typeof name === 'string' ? from.get(name) : undefined;
  if (entry === undefined)
    throw refuse(
      'KUBE_CONFIG_INVALID',
      `context "${context}" names the ${what} "${String(name)}", which is not defined`,
    );
  return entry;
}

async function readUser(origin: Origin, cluster: Origin, server: string): Promise<UserEntry> {
  const body = origin.body;
  const cert = await dataOrFile(origin, 'client-certificate');
  const key = await dataOrFile(origin, 'client-key');
  const tokenFile = text(body['tokenFile']);
  const token = text(body['token']);
  const username = text(body['username']);
  const exec = body['exec'] as ExecPlugin | undefined;
  if (exec !== undefined && typeof exec?.command !== 'string')
    throw refuse('KUBE_CONFIG_INVALID', 'the exec plugin of the kubeconfig has no command');
  const provider = body['auth-provider'] as { name?: string } | undefined;
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(origin.folder, tokenFile) }),
    ...(username === undefined ? {} : { basic: `${username}:${text(body['password']) ?? ''}` }),
    ...(exec === undefined
      ? {}
      : {
          exec: {
            ...exec,
            // As kubectl: a name is looked up in PATH, a path is relative to the file that gives it.
            command: exec.command.includes('/') ? resolve(origin.folder, exec.command) : exec.command,
          },
          execCluster: {
            server,
            'tls-server-name': cluster.body['tls-server-name'],
            'insecure-skip-tls-verify': cluster.body['insecure-skip-tls-verify'],
            'certificate-authority-data': (await dataOrFile(cluster, 'certificate-authority'))?.toString(
              'base64',
            ),
            'proxy-url': cluster.body['proxy-url'],
            // What the cluster's entry has to say to the plugin.
            config: pluginConfig(cluster.body['extensions']),
          },
        }),
    ...(provider === undefined ? {} : { authProvider: { ...body, name: provider.name ?? '' } }),
    impersonate: impersonation(body),
  };
}

function pluginConfig(extensions: unknown): unknown {
  if (!Array.isArray(extensions)) return undefined;
  const own = (extensions as { name?: unknown; extension?: unknown }[]).find(
    (each) => each?.name === 'client.authentication.k8s.io/exec',
  );
  return own?.extension;
}

function impersonation(body: Record<string, unknown>): Readonly<Record<string, string | readonly string[]>> {
  const headers: Record<string, string | readonly string[]> = {};
  const user = text(body['as']);
  if (user !== undefined) headers['impersonate-user'] = user;
  const uid = text(body['as-uid']);
  if (uid !== undefined) headers['impersonate-uid'] = uid;
  if (Array.isArray(body['as-groups'])) headers['impersonate-group'] = body['as-groups'].map(String);
  for (const [key, values] of Object.entries((body['as-user-extra'] ?? {}) as Record<string, unknown[]>))
    headers[`impersonate-extra-${encodeURIComponent(key).toLowerCase()}`] = values.map(String);
  return headers;
}

/** `KEY-data` (base64) wins over `KEY` (a path). */
async function dataOrFile(origin: Origin, key: string): Promise<Buffer | undefined> {
  const data = text(origin.body[`${key}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64');
  const path = text(origin.body[key]);
  if (path === undefined) return undefined;
  try {
    return await readFile(resolve(origin.folder, path));
  } catch (cause) {
    throw refuse('KUBE_CONFIG_INVALID', `the kubeconfig's ${key} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

async function readServiceAccount(
  env: Readonly<Record<string, string | undefined>>,
): Promise<ClusterAccess | undefined> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const folder = env['KUBERNETES_SERVICE_ACCOUNT_DIR'] ?? serviceAccountFolder;
  const tokenFile = join(folder, 'token');
  if (host === undefined || host === '') return undefined;
  const [token, ca, namespace] = await Promise.all(
    [tokenFile, join(folder, 'ca.crt'), join(folder, 'namespace')].map((path) =>
      readFile(path).catch(() => undefined),
    ),
  );
  if (token === undefined) return undefined;
  return {
    context: 'in-cluster',
    server: `https://${host.includes(':') ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`,
    namespace: namespace?.toString('utf8').trim(),
    tls: ca === undefined ? {} : { ca },
    proxyUrl: undefined,
    user: { tokenFile, impersonate: {} },
  };
}

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Context } from '../../context.ts';

/** Names that begin with what was typed; may leave more out than it keeps in. */
type NameSource = (context: Context, typed: string) => Promise<readonly string[]>;

/** Where the values of a flag come from, by the flag's name, the same in every command. */
export const nameSources: Readonly<Record<string, NameSource>> = {
  name: trialNames,
  run: runNames,
  pod: podNames,
  file: pathNames,
  local_path: pathNames,
};

/** Trials of the configuration, then those that have only a run record left. */
async function trialNames(context: Context, typed: string): Promise<readonly string[]> {
  const { loadSources } = await import('../../config/load.ts');
  const { readConfig } = await import('../../config/read-config.ts');
  const { expand } = await import('../../matrix/expand.ts');
  const config = readConfig(await loadSources(context));
  const matrix = config.ok ? expand(config.value) : undefined;
  const names = new Set<string>();
  // A line of completion is not worth looking at a hundred thousand trials.
  const looked = matrix?.ok === true ? Math.min(matrix.value.length, 20_000) : 0;
  for (let index = 0; index < looked && matrix?.ok === true; index++) {
    const { name } = matrix.value.at(index);
    if (name.startsWith(typed)) names.add(name);
  }
  for (const name of await runNames(context)) if (name.startsWith(typed)) names.add(name);
  return [...names];
}

async function runNames(context: Context): Promise<readonly string[]> {
  const { runsFolder } = await import('../../records/run-paths.ts');
  const entries = await readdir(path.join(context.cwd, runsFolder), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Files and folders, these with a slash; hidden ones only when a dot was typed. */
async function pathNames(context: Context, typed: string): Promise<readonly string[]> {
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  const begun = typed.slice(folder.length);
  const entries = await readdir(path.resolve(context.cwd, folder || '.'), { withFileTypes: true });
  return entries
    .filter(({ name }) => name.startsWith(begun) && (begun.startsWith('.') || !name.startsWith('.')))
    .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .toSorted();
}

/** How long a person waits at the TAB key for a cluster to answer, in milliseconds. */
const patience = 2000;

/** The user's pods of this project. */
async function podNames(context: Context): Promise<readonly string[]> {
  const [
    { loadSources },
    { readConfig },
    { readKubeconfig },
    { ApiClient },
    { Connection },
    { NamespaceApi },
  ] = await Promise.all([
    import('../../config/load.ts'),
    import('../../config/read-config.ts'),
    import('../../executors/kubernetes/kubeconfig.ts'),
    import('../../executors/kubernetes/api-client.ts'),
    import('../../executors/kubernetes/connection.ts'),
    import('../../executors/kubernetes/namespace-api.ts'),
  ]);
  const { pods } = await import('../../executors/kubernetes/objects.ts');
  const { ownerSelector } = await import('../../executors/kubernetes/owner.ts');
  const config = readConfig(await loadSources(context));
  if (!config.ok) return [];
  const { user, namespace, project_name: project, context: cluster } = config.value.project;
  if (user === undefined || namespace === undefined) return [];
  const access = await readKubeconfig(context.env, cluster);
  const client = new ApiClient(new Connection(access, context.env, context.now));
  try {
    const api = new NamespaceApi(client, namespace);
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(patience)]);
    const { items } = await api.list(pods, { labels: ownerSelector({ user, project }) }, signal);
    return items.map((pod) => pod.metadata.name);
  } finally {
    client.close();
  }
}

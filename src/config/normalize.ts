import type { Config, Entry, Locate, ModelEntry, Selection } from './config.ts';
import type { DotEnv } from './dotenv.ts';
import type { ProjectFields } from './fields.ts';
import { normalizeFields } from './normalize-fields.ts';
import { normalizeHparam, parseKey } from './normalize-hparam.ts';
import { orderedEntries } from './ordered-entries.ts';
import { runaiVariables } from './runai-variables.ts';
import type { WrittenKube } from './written-kube.ts';
import type { WrittenLaunch } from './written-launch.ts';

/** What the two files say, valid by their schemas and rules. */
export interface Written {
  readonly launch: WrittenLaunch;
  /** `undefined` where there is no kube.yaml. */
  readonly kube: WrittenKube | undefined;
  readonly dotenv: DotEnv;
  /** Base name of the project's folder, the name of a project that has no other. */
  readonly folder: string;
  readonly locate: Locate;
}

/** Both files in one shape. */
export function normalize({ launch, kube, dotenv, folder, locate }: Written): Config {
  return {
    project: normalizeProject(launch, kube, dotenv, folder),
    kube: normalizeFields(kube ?? {}),
    root: normalizeFields(launch),
    models: orderedEntries(launch.model, ['model'], locate).map(([name, model]) =>
      normalizeModel(name, model, locate),
    ),
    datasets: normalizeDatasets(launch.dataset, locate),
    run: normalizeRun(launch.run),
    dotenv,
    maxTrials: launch.max_trials ?? kube?.max_trials ?? 100_000,
    locate,
  };
}

function normalizeProject(
  launch: WrittenLaunch,
  kube: WrittenKube | undefined,
  dotenv: DotEnv,
  folder: string,
): ProjectFields {
  const name = launch.project_name ?? kube?.project_name ?? folder;
  const backend = launch.backend ?? kube?.backend ?? 'kubernetes';
  const fromDotenv = (key: keyof typeof runaiVariables) =>
    backend === 'runai'
      ? runaiVariables[key].map((variable) => dotenv.variables.get(variable)).find(Boolean)
      : undefined;
  return {
    project_name: name,
    user: kube?.user ?? fromDotenv('user'),
    namespace: kube?.namespace ?? fromDotenv('namespace'),
    conda_env_name: kube?.conda_env_name ?? name,
    backend,
    context: written(launch.context, kube?.context),
    concurrency: launch.concurrency ?? kube?.concurrency ?? 32,
    max_parallel: written(launch.max_parallel, kube?.max_parallel),
    policy: written(launch.policy, kube?.policy),
    s3_backend: launch.s3_backend ?? kube?.s3_backend ?? 'builtin',
  };
}

/** The higher layer's value where it wrote one; `null` there means none. */
function written<T>(upper: T | null | undefined, lower: T | null | undefined): T | undefined {
  return (upper === undefined ? lower : upper) ?? undefined;
}

function normalizeModel(name: string, model: WrittenLaunch['model'][string], locate: Locate): ModelEntry {
  const { command = '', local_command: local = command, remote_command: remote = command } = model;
  return {
    name,
    axes: normalizeHparam(model.hparam, ['model', name], locate),
    fields: normalizeFields(model),
    command: { local, remote },
  };
}

function normalizeDatasets(datasets: WrittenLaunch['dataset'], locate: Locate): Entry[] {
  const entries = orderedEntries(datasets ?? {}, ['dataset'], locate);
  if (entries.length === 0) return [{ name: '', axes: [], fields: {} }];
  return entries.map(([name, dataset]) => ({
    name,
    axes: normalizeHparam(dataset?.hparam, ['dataset', name], locate),
    fields: normalizeFields(dataset ?? {}),
  }));
}

function normalizeRun(run: WrittenLaunch['run']): Selection[] {
  return [run ?? {}].flat().map(({ model, dataset, hparam }) => ({
    ...(model && { models: [model].flat() }),
    ...(dataset && { datasets: [dataset].flat() }),
    ...(hparam && { hparam: normalizeFilter(hparam) }),
  }));
}

/** `fn` and `_fn` are one name, whichever is written; written both, what either keeps is kept. */
function normalizeFilter(written: Readonly<Record<string, string | readonly string[]>>) {
  const filter = new Map<string, ReadonlySet<string>>();
  for (const [name, values] of Object.entries(written)) {
    const { key } = parseKey(name);
    filter.set(key, new Set([...(filter.get(key) ?? []), ...[values].flat()]));
  }
  return filter;
}

import type { Axis, AxisPoint, Config, Entry, ModelEntry } from '../../src/config/config.ts';
import type { OverridableFields } from '../../src/config/fields.ts';

type Texts = string | readonly string[] | Readonly<Record<string, Readonly<Record<string, string>>>>;
type Hparam = Readonly<Record<string, Texts>>;

interface Written {
  readonly command?: string;
  readonly hparam?: Hparam;
  readonly fields?: OverridableFields;
}

/** A Config as the files would give it, from the shortest notation; keys with a leading `_` are hidden. */
export function buildConfig(
  parts: {
    readonly model?: Readonly<Record<string, Written>>;
    readonly dataset?: Readonly<Record<string, Written>>;
    readonly run?: readonly {
      readonly model?: readonly string[];
      readonly dataset?: readonly string[];
      readonly hparam?: Readonly<Record<string, readonly string[]>>;
    }[];
    readonly root?: OverridableFields;
    readonly kube?: OverridableFields;
    readonly dotenv?: Readonly<Record<string, string>>;
    readonly project?: Partial<Config['project']>;
    readonly maxTrials?: number;
    readonly locate?: Config['locate'];
  } = {},
): Config {
  const models = Object.entries(parts.model ?? { average: {} }).map(
    ([name, written]): ModelEntry => ({
      ...entry(name, written),
      command: { local: written.command ?? 'true', remote: written.command ?? 'true' },
    }),
  );
  const datasets =
    parts.dataset === undefined
      ? [entry('', {})]
      : Object.entries(parts.dataset).map((each) => entry(...each));
  return {
    project: {
      project_name: 'example',
      user: 'alice',
      namespace: 'lab',
      conda_env_name: 'example',
      backend: 'kubernetes',
      context: undefined,
      concurrency: 32,
      max_parallel: undefined,
      policy: undefined,
      s3_backend: 'builtin',
      ...parts.project,
    },
    kube: parts.kube ?? {},
    root: parts.root ?? {},
    models,
    datasets,
    run: (parts.run ?? [{}]).map(({ model, dataset, hparam }) => ({
      ...(model && { models: model }),
      ...(dataset && { datasets: dataset }),
      ...(hparam && { hparam: new Map(Object.entries(hparam).map(([key, texts]) => [key, new Set(texts)])) }),
    })),
    dotenv: { variables: new Map(Object.entries(parts.dotenv ?? {})), file: undefined },
    maxTrials: parts.maxTrials ?? 100_000,
    locate: parts.locate ?? (() => undefined),
  };
}

function entry(name: string, written: Written): Entry {
  return {
    name,
    axes: Object.entries(written.hparam ?? {}).map((each) => axis(...each)),
    fields: written.fields ?? {},
  };
}

function axis(written: string, texts: Texts): Axis {
  return { ...readKey(written), points: points(texts) };
}

function points(texts: Texts): readonly AxisPoint[] {
  if (typeof texts === 'string') return [{ label: texts }];
  if (isList(texts)) return texts.map((label) => ({ label }));
  return Object.entries(texts).map(([label, inner]) => ({
    label,
    inner: Object.entries(inner).map(([key, text]) => ({ ...readKey(key), text })),
  }));
}

function isList(texts: Texts): texts is readonly string[] {
  return Array.isArray(texts);
}

function readKey(written: string): { key: string; visible: boolean } {
  return { key: written.replace(/^_/, ''), visible: !written.startsWith('_') };
}

/** The pair of the tutorial. */
export function tutorial(): Config {
  return buildConfig({
    model: {
      average: { command: '[](make download file=data/;) python src/avg.py <fn>' },
      median: { command: '[](make download file=data/;) python src/med.py <fn>' },
    },
    dataset: { data1: { hparam: { _fn: 'data/1.txt' } }, data2: { hparam: { _fn: 'data/2.txt' } } },
  });
}

import type { Location } from '../diagnostics/diagnostic.ts';
import type { Policy } from '../policy/policy.ts';
import type { DotEnv } from './dotenv.ts';
import type { OverridableFields, ProjectFields } from './fields.ts';

/** Both files and `.env`, checked and brought to one shape: what the matrix is expanded from. */
export interface Config {
  /** Project-wise settings; `undefined` where only `kube.yaml` could say and there is none. */
  readonly project: ProjectFields;
  /** Overridable fields as `kube.yaml` gives them (the lowest written layer). */
  readonly kube: OverridableFields;
  /** Overridable fields at the root of `launch.yaml`. */
  readonly root: OverridableFields;
  /** In file order; at least one. */
  readonly models: readonly ModelEntry[];
  /** In file order; without `dataset` in the file, one entry with an empty name. */
  readonly datasets: readonly Entry[];
  /** In file order; without `run` in the file, one selection of everything. */
  readonly run: readonly Selection[];
  readonly dotenv: DotEnv;
  /** Above this count a matrix is refused before anything is built. Default 100,000. */
  readonly maxTrials: number;
  /** The rules of the cluster's policy pack, where kube.yaml names one. */
  readonly policy?: Policy;
  /** Where things were written, for diagnostics found later in the line. */
  readonly locate: Locate;
}

/** A dataset, or what a model shares with it. */
export interface Entry {
  readonly name: string;
  /** In file order. */
  readonly axes: readonly Axis[];
  readonly fields: OverridableFields;
}

export interface ModelEntry extends Entry {
  /** As written, sugar and placeholders included; `local_command` and `remote_command` fill one side each. */
  readonly command: { readonly local: string; readonly remote: string };
}

/** One hyperparameter: `key` is without its leading underscore. */
export interface Axis {
  readonly key: string;
  /** False for a key written with a leading `_`: kept out of the trial's name. */
  readonly visible: boolean;
  /** At least one. */
  readonly points: readonly AxisPoint[];
}

/**
 * One value of an axis. A scalar has its text as `label` and no `inner`; a named group has the group's name
 * as `label` and its keys in `inner` (keys without underscore, in file order).
 */
export interface AxisPoint {
  /** The value exactly as written (`1e-5`, `007`, `yes`), quotes removed. */
  readonly label: string;
  readonly inner?: readonly { readonly key: string; readonly visible: boolean; readonly text: string }[];
}

/** One entry of `run`. An absent part selects everything. */
export interface Selection {
  readonly models?: readonly string[];
  readonly datasets?: readonly string[];
  /** Axis key (no underscore) → the labels kept, as text. */
  readonly hparam?: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The location of a value by its path in a file (`['model', 'median', 'command']`), the nearest parent that
 * was written where the path itself was not, `undefined` where the whole file is absent.
 */
export type Locate = (
  file: 'launch' | 'kube',
  path: readonly (string | number)[],
  what?: 'key' | 'value',
) => Location | undefined;

import type { Config } from '../config/config.ts';
import type { ResolvedFields } from '../config/resolved-fields.ts';
import { fieldDefaults } from '../config/written-defaults.ts';
import { adjustFields } from '../policy/apply-policy.ts';
import type { PreparedAxis } from './axes.ts';
import { type BoundValue, bindValue, type OnUnknown } from './bind-value.ts';
import { type CoercedAxis, coerceAxis } from './coerce-axis.ts';
import type { Side } from './job-spec.ts';
import { layersOf } from './layers.ts';
import type { NamedPair } from './name.ts';
import type { Scope } from './placeholders.ts';
import { resettleFields, settleFields } from './settle-fields.ts';

/** The fields of a pair's trials, layers and placeholders worked out as far as they are the same for all. */
export interface CompiledFields {
  readonly fields: (points: ArrayLike<number>, name: string) => ResolvedFields;
  readonly env: (points: ArrayLike<number>, name: string) => Readonly<Record<string, string>>;
  /** Each path of `outputs`, for the check that no two trials share one. */
  readonly outputs: (points: ArrayLike<number>, name: string) => readonly string[];
  /** Every value that a numeric field takes in one of the pair's trials, before a policy adjusts it. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
}

/** Reads each axis as fields once, however many pairs have it. */
export class AxisFields {
  readonly #config: Config;
  readonly #coerced = new Map<PreparedAxis, CoercedAxis>();

  constructor(config: Config) {
    this.#config = config;
  }

  of(axis: PreparedAxis): CoercedAxis {
    let coerced = this.#coerced.get(axis);
    if (coerced === undefined) {
      coerced = coerceAxis(this.#config, axis);
      this.#coerced.set(axis, coerced);
    }
    return coerced;
  }
}

/**
 * Lays the layers of a pair over each other: `kube.yaml`, the root of `launch.yaml`, dataset, model,
 * hyperparameter. A later layer replaces a field whole, mappings included; only `env` merges by variable.
 * Placeholders work in what `launch.yaml` says; `kube.yaml`, which also serves pods that run no trial, is
 * taken as written.
 */
export function compileFields(
  config: Config,
  pair: NamedPair,
  axes: AxisFields,
  scope: Scope,
  onUnknown: OnUnknown,
  side: Side,
): CompiledFields {
  const bound = new Map<string, BoundValue>();
  const variables = new Map<string, BoundValue>();
  for (const { layer, path, fields } of layersOf(config, pair)) {
    for (const [name, value] of Object.entries(fields)) {
      if (name === 'prefix' || value === undefined) continue;
      const bind = (each: unknown, at: readonly string[]): BoundValue =>
        layer === 'kube' || layer === 'policy'
          ? { fixed: true, value: each }
          : bindValue(each, [...path, ...at], scope, onUnknown);
      if (name === 'env') {
        for (const [variable, text] of Object.entries(value ?? {}))
          if (!variables.has(variable)) variables.set(variable, bind(text, [name, variable]));
      } else if (!bound.has(name)) bound.set(name, bind(value, [name]));
    }
  }
  pair.axes.forEach((axis, index) => {
    for (const [name, values] of axes.of(axis).fields)
      bound.set(
        name,
        values.length === 1
          ? { fixed: true, value: values[0] }
          : { fixed: false, render: (points) => values[points[index] as number] },
      );
  });
  const numbers = numbersOf(pair, axes, bound);
  return {
    ...resolver(config, bound, side),
    numbers,
    env: collector(split(variables)) as CompiledFields['env'],
  };
}

function numbersOf(
  pair: NamedPair,
  axes: AxisFields,
  bound: ReadonlyMap<string, BoundValue>,
): ReadonlyMap<string, readonly number[]> {
  const numbers = new Map<string, readonly number[]>();
  const add = (name: string, values: readonly unknown[]) => {
    const found = values.filter((each) => typeof each === 'number');
    if (found.length > 0) numbers.set(name, found);
  };
  for (const [name, value] of Object.entries(fieldDefaults)) if (!bound.has(name)) add(name, [value]);
  for (const [name, value] of bound) if (value.fixed) add(name, [value.value]);
  for (const axis of pair.axes) for (const [name, values] of axes.of(axis).fields) add(name, values);
  return numbers;
}

type Render<T> = (points: ArrayLike<number>, name: string) => T;

function resolver(
  config: Config,
  bound: ReadonlyMap<string, BoundValue>,
  side: Side,
): Omit<CompiledFields, 'env' | 'numbers'> {
  const policy = side === 'remote' ? config.policy : undefined;
  const adjust = (fields: ResolvedFields) =>
    policy === undefined ? fields : adjustFields(policy, 'job', fields);
  const { fixed, varying } = split(bound);
  const common = adjust(settleFields(config.project, fixed));
  const hasImage = bound.has('image') || !(bound.has('registry_host') || bound.has('gitlab_user'));
  const collect = collector({ fixed: {}, varying });
  const outputs = bound.get('outputs');
  return {
    fields:
      varying.length === 0
        ? () => common
        : (points, name) => adjust(resettleFields(config.project, common, collect(points, name), hasImage)),
    outputs:
      outputs === undefined || outputs.fixed
        ? () => common.outputs
        : (points, name) => (outputs.render(points, name) as readonly string[] | null) ?? [],
  };
}

interface Split {
  readonly fixed: Readonly<Record<string, unknown>>;
  readonly varying: readonly (readonly [name: string, render: Render<unknown>])[];
}

function split(bound: ReadonlyMap<string, BoundValue>): Split {
  const fixed: [string, unknown][] = [];
  const varying: [string, Render<unknown>][] = [];
  for (const [name, value] of bound) {
    if (value.fixed) fixed.push([name, value.value]);
    else varying.push([name, value.render]);
  }
  return { fixed: Object.fromEntries(fixed), varying };
}

/** Fixed values are put together once; what varies is laid over them for each trial. */
function collector({ fixed, varying }: Split): Render<Readonly<Record<string, unknown>>> {
  if (varying.length === 0) return () => fixed;
  return (points, name) => {
    const values: Record<string, unknown> = { ...fixed };
    for (const [key, render] of varying) values[key] = render(points, name);
    return values;
  };
}

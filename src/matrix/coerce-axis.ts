import type { Config } from '../config/config.ts';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { quoted } from '../diagnostics/quoted.ts';
import type { PreparedAxis } from './axes.ts';
import { fieldKind } from './field-kinds.ts';

/** The fields that the keys of an axis override, by point. */
export interface CoercedAxis {
  readonly fields: ReadonlyMap<string, readonly unknown[]>;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * `hparam: {gpu_count: [1, 2]}` sweeps the field `gpu_count`: reads each text as the field's type. The prefix
 * is left out, being part of the name.
 */
export function coerceAxis(config: Config, axis: PreparedAxis): CoercedAxis {
  const fields = new Map<string, readonly unknown[]>();
  const diagnostics: Diagnostic[] = [];
  for (const key of axis.keys) {
    const kind = fieldKind(key);
    if (kind === undefined || key === 'prefix') continue;
    const texts = axis.texts(key);
    const values = texts.map(kind.read);
    fields.set(key, values);
    const wrong = values.indexOf(undefined);
    if (wrong === -1) continue;
    const message =
      kind.name === 'mapping'
        ? `the hyperparameter ${quoted(key)} has the name of a field that is a mapping`
        : `the hyperparameter ${quoted(key)} sets the field of that name, and ${quoted(texts[wrong] ?? '')} is not ${kind.expects}`;
    const hint =
      kind.name === 'mapping'
        ? `call it something else, or put placeholders into the field ${quoted(key)}`
        : `write ${kind.expects}, or call the hyperparameter something else`;
    diagnostics.push(
      errorDiagnostic('MATRIX_FIELD_VALUE', message, {
        location: locatePoint(config, axis, wrong, key),
        hint,
      }),
    );
  }
  return { fields, diagnostics };
}

/** The place of one value of an axis: an item of a list, a key of a group, or the scalar itself. */
function locatePoint(config: Config, axis: PreparedAxis, point: number, key: string) {
  const label = axis.points[point]?.label ?? '';
  if (key !== axis.key) return config.locate('launch', [...axis.path, label, key]);
  return config.locate('launch', axis.points.length > 1 ? [...axis.path, point] : axis.path);
}

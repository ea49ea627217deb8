import type { Config } from '../config/config.ts';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import type { CompiledFields } from './compile-fields.ts';
import type { ExpandedMatrix } from './expanded-matrix.ts';
import { findOverlap, type Output, stepsOf } from './find-overlap.ts';
import { findField } from './layers.ts';
import type { NamedPair } from './name.ts';

/** Complains about the first two trials of which one would write over the other's `outputs`. */
export function checkOutputs(
  config: Config,
  matrix: ExpandedMatrix,
  compiled: (pair: NamedPair) => CompiledFields,
): readonly Diagnostic[] {
  const named = new Map<NamedPair, readonly boolean[]>();
  for (const { pair } of matrix.boxes)
    if (!named.has(pair)) named.set(pair, whichAreNamed(pair, compiled(pair)));
  if ([...named.values()].every((each) => each.every(Boolean))) return [];

  const overlap = findOverlap(outputsOf(matrix, compiled, named));
  if (overlap === undefined) return [];
  const [first, second] = overlap;
  const trials = `${matrix.at(first.trial).name} and ${matrix.at(second.trial).name}`;
  const message =
    first.path === second.path
      ? `${trials} both have the output ${second.path}`
      : `the outputs ${first.path} and ${second.path} of ${trials} overlap`;
  const field = findField(config, matrix.locate((second.named ? first : second).trial, []), 'outputs');
  return [
    errorDiagnostic('MATRIX_OUTPUTS_OVERLAP', message, {
      location:
        field &&
        config.locate(field.layer === 'kube' || field.layer === 'policy' ? 'kube' : 'launch', field.path),
      hint: 'put <name> into the path, as in out/<name>/',
    }),
  ];
}

/** A path with `<name>` in it is one that leads elsewhere when only the name differs: not `out/<name>/../x`. */
function whichAreNamed(pair: NamedPair, { outputs }: CompiledFields): readonly boolean[] {
  const points = pair.axes.map(() => 0);
  const other = outputs(points, 'b');
  return outputs(points, 'a').map(
    (path, index) => stepsOf(path).join('/') !== stepsOf(other[index] ?? '').join('/'),
  );
}

function* outputsOf(
  matrix: ExpandedMatrix,
  compiled: (pair: NamedPair) => CompiledFields,
  named: ReadonlyMap<NamedPair, readonly boolean[]>,
): Generator<Output> {
  const points: number[] = [];
  for (const box of matrix.boxes) {
    const isNamed = named.get(box.pair) ?? [];
    if (isNamed.length === 0) continue;
    const { outputs } = compiled(box.pair);
    for (let trial = box.offset; trial < box.offset + box.length; trial++) {
      matrix.locate(trial, points);
      const name = isNamed.some(Boolean) ? matrix.name(box.pair, points) : '';
      const paths = outputs(points, name);
      for (let i = 0; i < paths.length; i++)
        yield { trial, path: paths[i] as string, named: isNamed[i] === true };
    }
  }
}

import type { Config } from '../config/config.ts';
import { type Diagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import { quoted } from '../diagnostics/quoted.ts';
import { locateInScalar } from './locate-in-scalar.ts';
import { parseTemplate } from './placeholders.ts';
import { builtinNames } from './scope.ts';

/** Warns of what would be a placeholder in `launch.yaml`: `kube.yaml` also serves pods that run no trial. */
export function checkKubeText(config: Config): Diagnostic[] {
  const axes = [...config.models, ...config.datasets].flatMap((each) => each.axes);
  const inner = axes.flatMap(({ points }) => points.flatMap((point) => point.inner ?? []));
  const known = new Set<string>([...builtinNames, ...[...axes, ...inner].map(({ key }) => key)]);
  return [...textsIn(config.kube, [])].flatMap(([path, text]): Diagnostic[] => {
    const slot = parseTemplate(text).find((part) => typeof part !== 'string' && known.has(part.name));
    if (slot === undefined || typeof slot === 'string') return [];
    const [field = ''] = path;
    return [
      warningDiagnostic(
        'MATRIX_KUBE_PLACEHOLDER',
        `${text.slice(slot.start, slot.end)} stays as it is in config/kube.yaml`,
        {
          location: locateInScalar(config.locate('kube', path), text, slot.start, slot.end),
          hint: `set ${quoted(String(field))} at the root of config/launch.yaml, where placeholders work`,
        },
      ),
    ];
  });
}

type Path = readonly (string | number)[];

function* textsIn(value: unknown, path: Path): Generator<readonly [path: Path, text: string]> {
  if (typeof value === 'string') yield [path, value];
  else if (Array.isArray(value))
    for (const [index, each] of value.entries()) yield* textsIn(each, [...path, index]);
  else if (typeof value === 'object' && value !== null)
    for (const [key, each] of Object.entries(value)) yield* textsIn(each, [...path, key]);
}

import { isAbsolute, normalize } from 'node:path/posix';
import type { Config } from '../config/config.ts';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { quoted } from '../diagnostics/quoted.ts';
import type { CompiledFields } from './compile-fields.ts';
import { findField } from './layers.ts';
import type { NamedPair } from './name.ts';

const names = ['data', 'outputs'] as const;

/**
 * Complains about `data` and `outputs` of a pair that are no paths below the project, or no keys: the trial would
 * wait for its GPU, and its results be lost. Each value of each axis is tried in some trial, not each trial.
 */
export function checkPaths(
  config: Config,
  pair: NamedPair,
  { fields }: Pick<CompiledFields, 'fields'>,
): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  const look = (points: readonly number[]): string => {
    const resolved = fields(points, 'name');
    for (const name of names)
      for (const path of resolved[name]) {
        const why = whyNoKey(path);
        if (why !== undefined && !found.has(path)) found.set(path, complain(config, pair, name, path, why));
      }
    return JSON.stringify(names.map((name) => resolved[name]));
  };
  const first = pair.axes.map(() => 0);
  const usual = look(first);
  pair.axes.forEach((axis, index) => {
    const at = (point: number) => look(first.with(index, point));
    const last = axis.hparam.length - 1;
    // An axis that has no say in the paths has none with its last value either.
    if (last > 0 && at(last) !== usual) for (let point = 1; point < last; point++) at(point);
  });
  return [...found.values()];
}

/** A backslash that takes no character of a pattern as it is: what other systems write between folders. */
const strayBackslash = /\\(?![*?[\]])/;

/** Why a path is not below the folder that it is relative to, or can be no key there. */
function whyNoKey(path: string): string | undefined {
  if (strayBackslash.test(path)) return 'it holds a backslash';
  if (isAbsolute(path)) return 'it is an absolute path';
  if (/^[A-Za-z]:/.test(path)) return 'it begins like a drive letter';
  const normal = normalize(path);
  return normal === '..' || normal.startsWith('../') ? 'it leads out of the project' : undefined;
}

function complain(config: Config, pair: NamedPair, name: string, path: string, why: string): Diagnostic {
  const field = findField(config, pair, name);
  const file = field?.layer === 'kube' || field?.layer === 'policy' ? 'kube' : 'launch';
  return errorDiagnostic('MATRIX_PATH_OUTSIDE', `${quoted(path)} in \`${name}\` cannot be a key: ${why}`, {
    location: field && config.locate(file, field.path),
    hint: strayBackslash.test(path)
      ? `write "/" between folders: ${path.replaceAll(/\\+/g, '/')}`
      : 'write it relative to the project, as in out/<name>/',
  });
}

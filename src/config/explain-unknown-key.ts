import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { hintFor, nearestName } from '../diagnostics/nearest-name.ts';
import { quoted } from '../diagnostics/quoted.ts';
import type { Complaint } from './complaint.ts';
import { describePath } from './describe-path.ts';
import { rootPlace } from './schema-node.ts';
import { locate } from './tree.ts';

/** A key that its mapping does not know: misspelt, or in the wrong place. */
export function explainUnknownKey({ tree, name, error, path, place }: Complaint): Diagnostic {
  const key = String(error.params['additionalProperty']);
  const location = locate(tree, [...path, key], 'key');
  const { where } = describePath(path, true);
  const inTrial = path.length === 2 && (path[0] === 'model' || path[0] === 'dataset');
  const kubeKeys = Object.keys(rootPlace('kube').schema.properties ?? {});
  if (name === 'launch' && (path.length === 0 || inTrial) && kubeKeys.includes(key)) {
    const home = path.length > 0 && rootHas(key) ? `the root of ${tree.file.path}` : 'config/kube.yaml';
    return errorDiagnostic(
      'CONFIG_PROJECT_WISE',
      `${quoted(key)}${where} holds for the whole project, and cannot be set here`,
      { location, hint: `move it to ${home}` },
    );
  }
  const known = Object.keys(place?.schema.properties ?? {});
  const hint =
    hintFor(key, known) ?? elsewhere(key, path.length === 0 ? name : String(path[0])) ?? listOf(known);
  return errorDiagnostic('CONFIG_UNKNOWN_KEY', `unknown key ${quoted(key)}${where}`, { location, hint });
}

function rootHas(key: string): boolean {
  return Object.hasOwn(rootPlace('launch').schema.properties ?? {}, key);
}

/** Keys that are known, but in another place. */
function elsewhere(key: string, here: string): string | undefined {
  if (here === 'kube') {
    const near = nearestName(key, ['model', 'dataset', 'run']);
    if (near !== undefined) return `"${near}" belongs in config/launch.yaml`;
  }
  if (['command', 'local_command', 'remote_command'].includes(key)) return 'commands belong in a model';
  if (key === 'hparam' && here !== 'run') return 'hyperparameters belong in a model or a dataset';
  return undefined;
}

function listOf(known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  return known.length <= 12 ? `it takes ${known.join(', ')}` : 'docs/fields.md lists the fields';
}

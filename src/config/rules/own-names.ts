import { type Diagnostic, errorDiagnostic, warningDiagnostic } from '../../diagnostics/diagnostic.ts';
import { quoted } from '../../diagnostics/quoted.ts';
import { locate, type Tree } from '../tree.ts';
import { entriesAt, fieldPlaces, type Rule } from './rule.ts';

/** Labels by which the toolbox finds its workloads again: every workload has them, whatever is written. */
const ownLabels = new Set(['user', 'project', 'app.kubernetes.io/managed-by']);

/** What the toolbox says of its workloads in labels and annotations is not for a project to say. */
export const ownNamesAreLeftAlone: Rule = (project) =>
  fieldPlaces(project).flatMap(({ tree, path }) =>
    (['labels', 'annotations'] as const).flatMap((field) =>
      entriesAt(tree, [...path, field]).flatMap(([key]) => check(tree, [...path, field], key)),
    ),
  );

function check(tree: Tree, path: readonly string[], key: string): readonly Diagnostic[] {
  const field = path.at(-1);
  const location = locate(tree, [...path, key], 'key');
  if (key.startsWith('kube-toolbox/'))
    return [
      errorDiagnostic('CONFIG_BAD_NAME', `${quoted(key)} in ${quoted(String(field))} is the toolbox's own`, {
        location,
        hint: 'choose another name, or another prefix than kube-toolbox/',
      }),
    ];
  if (field === 'annotations' || !ownLabels.has(key)) return [];
  return [
    warningDiagnostic('CONFIG_OWN_LABEL', `the toolbox sets the label ${quoted(key)} itself`, {
      location,
      hint:
        key === 'app.kubernetes.io/managed-by'
          ? 'remove it'
          : `remove it; "${key === 'user' ? 'user' : 'project_name'}" in kube.yaml is where its value comes from`,
    }),
  ];
}

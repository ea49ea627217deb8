import { type Diagnostic, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { hintFor } from '../../diagnostics/nearest-name.ts';
import { quoted } from '../../diagnostics/quoted.ts';
import type { Tree, TreeNode } from '../tree.ts';
import { nodeAt } from '../tree.ts';
import { entriesAt, entriesOf, type Rule, scalarsOf, withoutUnderscore } from './rule.ts';

/** What `run` selects is there. */
export const runNamesWhatIsThere: Rule = ({ launch }) =>
  selections(launch).flatMap(({ tree, selection }) =>
    (['model', 'dataset'] as const).flatMap((section) => {
      const known = entriesAt(tree, [section]).map(([name]) => name);
      return scalarsOf(nodeAt(selection, [section]))
        .filter(({ text }) => !known.includes(text))
        .map(({ text, span }) =>
          errorDiagnostic('CONFIG_RUN_UNKNOWN', `there is no ${section} ${quoted(text)}`, {
            location: { file: tree.file, ...span },
            hint: hintFor(text, known) ?? available(section, known),
          }),
        );
    }),
  );

/** What `run.hparam` keeps is a value of some model or dataset that the same entry selects. */
export const runKeepsValuesThatAreThere: Rule = ({ launch }) =>
  selections(launch).flatMap(({ tree, selection }) => {
    const filters = entriesOf(nodeAt(selection, ['hparam']));
    if (filters.length === 0) return [];
    const { labels, groupOf } = selectedValues(tree, selection);
    return filters.flatMap(([written, { key, node }]): Diagnostic[] => {
      const name = withoutUnderscore(written);
      const values = labels.get(name);
      if (values === undefined) {
        const group = groupOf.get(name);
        const hint =
          group === undefined
            ? (hintFor(name, labels.keys()) ?? available('hyperparameter', [...labels.keys()]))
            : `it is set by the groups of ${quoted(group)}: name the groups to keep, "${group}: […]"`;
        return [
          errorDiagnostic('CONFIG_RUN_HPARAM', `what is selected has no hyperparameter ${quoted(name)}`, {
            location: { file: tree.file, ...key },
            hint,
          }),
        ];
      }
      return scalarsOf(node)
        .filter(({ text }) => !values.has(text))
        .map(({ text, span }) =>
          errorDiagnostic('CONFIG_RUN_HPARAM', `${quoted(name)} never has the value ${quoted(text)}`, {
            location: { file: tree.file, ...span },
            hint: hintFor(text, values) ?? available('value', [...values]),
          }),
        );
    });
  });

function selections(tree: Tree | undefined): { readonly tree: Tree; readonly selection: TreeNode }[] {
  const run = tree && nodeAt(tree.root, ['run']);
  if (tree === undefined || run === undefined) return [];
  return (run.kind === 'list' ? run.items : [run]).map((selection) => ({ tree, selection }));
}

interface SelectedValues {
  /** Hyperparameter → its values or groups. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
  /** A key that groups set → the hyperparameter whose groups they are. */
  readonly groupOf: ReadonlyMap<string, string>;
}

function selectedValues(tree: Tree, selection: TreeNode): SelectedValues {
  const labels = new Map<string, Set<string>>();
  const groupOf = new Map<string, string>();
  for (const section of ['dataset', 'model'] as const) {
    const entries = entriesAt(tree, [section]);
    const known = new Set(entries.map(([name]) => name));
    const chosen = new Set(scalarsOf(nodeAt(selection, [section])).map(({ text }) => text));
    // Where the selection names what is not there, which has been told, all of them may have been meant.
    const all = chosen.size === 0 || [...chosen].some((name) => !known.has(name));
    for (const [name, { node }] of entries) {
      if (!all && !chosen.has(name)) continue;
      for (const [written, { node: value }] of entriesOf(nodeAt(node, ['hparam']))) {
        const key = withoutUnderscore(written);
        const known = labels.get(key) ?? new Set();
        labels.set(key, known);
        for (const { text } of scalarsOf(value)) known.add(text);
        for (const [label, group] of entriesOf(value)) {
          known.add(label);
          for (const [inner] of entriesOf(group.node)) groupOf.set(withoutUnderscore(inner), key);
        }
      }
    }
  }
  return { labels, groupOf };
}

function available(what: string, names: readonly string[]): string {
  if (names.length === 0) return `there is no ${what} at all`;
  const shown = names.slice(0, 10).join(', ');
  return `there ${names.length === 1 ? 'is' : 'are'} ${shown}${names.length > 10 ? ', …' : ''}`;
}

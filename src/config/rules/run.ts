import { type Diagnostic, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { hintFor } from '../../diagnostics/nearest-name.ts';
import { quoted } from '../../diagnostics/quoted.ts';
import type { Tree, TreeNode } from '../tree.ts';
import { nodeAt } from '../tree.ts';
import { entriesAt, entriesOf, type Rule, scalarsOf, withoutUnderscore } from './rule.ts';

/** A hint compares with every known name, and no more problems than this are shown. */
const mostHints = 50;

/** What `run` selects is there. */
export const runNamesWhatIsThere: Rule = ({ launch }) => {
  const chosen = selections(launch);
  return (['model', 'dataset'] as const).flatMap((section) => {
    const known = new Set(entriesAt(launch, [section]).map(([name]) => name));
    return chosen
      .flatMap(({ tree, selection }) =>
        scalarsOf(nodeAt(selection, [section])).map((scalar) => ({ tree, ...scalar })),
      )
      .filter(({ text }) => !known.has(text))
      .map(({ tree, text, span }, index) =>
        errorDiagnostic('CONFIG_RUN_UNKNOWN', `there is no ${section} ${quoted(text)}`, {
          location: { file: tree.file, ...span },
          hint: index < mostHints ? (hintFor(text, known) ?? available(section, known)) : undefined,
        }),
      );
  });
};

/** What `run.hparam` keeps is a value of some model or dataset that the same entry selects. */
export const runKeepsValuesThatAreThere: Rule = ({ launch }) => {
  // Many entries of a long `run` select the same models and datasets.
  const valuesOf = new Map<string, ReadonlyMap<string, ReadonlySet<string>>>();
  const written = sections.map((section) => ({ section, entries: new Map(entriesAt(launch, [section])) }));
  return selections(launch).flatMap(({ tree, selection }) => {
    const filters = entriesOf(nodeAt(selection, ['hparam']));
    if (filters.length === 0) return [];
    const chosen = JSON.stringify(sections.map((section) => chosenIn(selection, section)));
    const known = valuesOf.get(chosen) ?? selectedValues(written, selection);
    valuesOf.set(chosen, known);
    return filters.flatMap(([filter, { key, node }]): Diagnostic[] => {
      const name = withoutUnderscore(filter);
      const values = known.get(name);
      if (values === undefined) {
        return [
          errorDiagnostic('CONFIG_RUN_HPARAM', `what is selected has no hyperparameter ${quoted(name)}`, {
            location: { file: tree.file, ...key },
            hint: hintFor(name, known.keys()) ?? available('hyperparameter', new Set(known.keys())),
          }),
        ];
      }
      return scalarsOf(node)
        .filter(({ text }) => !values.has(text))
        .map(({ text, span }, index) =>
          errorDiagnostic('CONFIG_RUN_HPARAM', `${quoted(name)} never has the value ${quoted(text)}`, {
            location: { file: tree.file, ...span },
            hint: index < mostHints ? (hintFor(text, values) ?? available('value', values)) : undefined,
          }),
        );
    });
  });
};

const sections = ['dataset', 'model'] as const;

function chosenIn(selection: TreeNode, section: (typeof sections)[number]): readonly string[] {
  return scalarsOf(nodeAt(selection, [section])).map(({ text }) => text);
}

function selections(tree: Tree | undefined): { readonly tree: Tree; readonly selection: TreeNode }[] {
  const run = tree && nodeAt(tree.root, ['run']);
  if (tree === undefined || run === undefined) return [];
  return (run.kind === 'list' ? run.items : [run]).map((selection) => ({ tree, selection }));
}

interface WrittenSection {
  readonly section: (typeof sections)[number];
  readonly entries: ReadonlyMap<string, { readonly node: TreeNode }>;
}

/** Hyperparameter → the values it takes in what is selected, be it as a group or set by one. */
function selectedValues(
  written: readonly WrittenSection[],
  selection: TreeNode,
): ReadonlyMap<string, ReadonlySet<string>> {
  const values = new Map<string, Set<string>>();
  const add = (key: string, node: TreeNode, labels: readonly string[] = []) => {
    const name = withoutUnderscore(key);
    const known = values.get(name) ?? new Set();
    values.set(name, known);
    for (const { text } of scalarsOf(node)) known.add(text);
    for (const label of labels) known.add(label);
  };
  for (const { section, entries } of written) {
    const chosen = [...new Set(chosenIn(selection, section))];
    // Where the selection names what is not there, which has been told, all of them may have been meant.
    const all = chosen.length === 0 || chosen.some((name) => !entries.has(name));
    for (const entry of all ? entries.values() : chosen.flatMap((name) => entries.get(name) ?? [])) {
      for (const [key, { node }] of entriesOf(nodeAt(entry.node, ['hparam']))) {
        const groups = entriesOf(node);
        add(
          key,
          node,
          groups.map(([label]) => label),
        );
        for (const [, group] of groups)
          for (const [inner, { node: set }] of entriesOf(group.node)) add(inner, set);
      }
    }
  }
  return values;
}

function available(what: string, names: ReadonlySet<string>): string {
  if (names.size === 0) return `there is no ${what} at all`;
  const shown = [...names].slice(0, 10).join(', ');
  return `there ${names.size === 1 ? 'is' : 'are'} ${shown}${names.size > 10 ? ', …' : ''}`;
}

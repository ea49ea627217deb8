import { type Diagnostic, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { quoted } from '../../diagnostics/quoted.ts';
import type { MapEntry, Tree, TreeNode } from '../tree.ts';
import { entriesAt, entriesOf, type Rule, withoutUnderscore } from './rule.ts';

/** All named groups of a hyperparameter set the same keys; the odd one is told. */
export const groupsSetTheSameKeys: Rule = ({ launch }) =>
  hyperparameters(launch).flatMap(({ tree, name, entry }) => {
    const groups = entriesOf(entry.node).filter(([, group]) => group.node.kind === 'map');
    const keysOf = (group: MapEntry) => entriesOf(group.node).map(([key]) => key);
    const usual = mostCommon(groups.map(([, group]) => keysOf(group)));
    const model = groups.find(([, group]) => signature(keysOf(group)) === signature(usual));
    return groups.flatMap(([label, group]) => {
      const keys = keysOf(group);
      const missing = usual.filter((key) => !keys.includes(key));
      const extra = keys.filter((key) => !usual.includes(key));
      if (model === undefined || (missing.length === 0 && extra.length === 0)) return [];
      const faults = [
        ...(missing.length > 0 ? [`lacks ${missing.map((key) => quoted(key)).join(', ')}`] : []),
        ...(extra.length > 0 ? [`alone sets ${extra.map((key) => quoted(key)).join(', ')}`] : []),
      ];
      return errorDiagnostic(
        'CONFIG_GROUP_KEYS',
        `group ${quoted(label)} of hyperparameter ${quoted(name)} ${faults.join(' and ')}`,
        {
          location: { file: tree.file, ...group.key },
          related: [
            {
              message: `${quoted(model[0])} sets ${usual.join(', ')}`,
              location: { file: tree.file, ...model[1].key },
            },
          ],
          hint: 'all groups of a hyperparameter set the same keys',
        },
      );
    });
  });

/** `fn` and `_fn` are one name, and are not both written in one mapping. */
export const noNameIsWrittenTwice: Rule = ({ launch }) =>
  sections(launch).flatMap(({ tree, hparam }) => {
    const groups = entriesOf(hparam).flatMap(([, { node }]) =>
      entriesOf(node).map(([, group]) => group.node),
    );
    return [hparam, ...groups].flatMap((mapping) => clashes(tree, mapping));
  });

function clashes(tree: Tree, mapping: TreeNode): Diagnostic[] {
  const first = new Map<string, MapEntry>();
  return entriesOf(mapping).flatMap(([written, entry]) => {
    const name = withoutUnderscore(written);
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, entry);
      return [];
    }
    return errorDiagnostic('CONFIG_HPARAM_CLASH', `${quoted(name)} is there with and without "_"`, {
      location: { file: tree.file, ...entry.key },
      related: [{ message: 'first here', location: { file: tree.file, ...before.key } }],
      hint: 'keep one of the two: "_" only keeps it out of the name',
    });
  });
}

interface Section {
  readonly tree: Tree;
  readonly hparam: TreeNode;
}

function sections(tree: Tree | undefined): Section[] {
  return (['model', 'dataset'] as const).flatMap((section) =>
    entriesAt(tree, [section]).flatMap(([, { node }]) => {
      const hparam = node.kind === 'map' ? node.entries.get('hparam')?.node : undefined;
      return tree === undefined || hparam === undefined ? [] : [{ tree, hparam }];
    }),
  );
}

function hyperparameters(launch: Tree | undefined) {
  return sections(launch).flatMap(({ tree, hparam }) =>
    entriesOf(hparam).map(([written, entry]) => ({ tree, name: withoutUnderscore(written), entry })),
  );
}

/** The keys that most groups have; of as many, those of the first. */
function mostCommon(keys: readonly (readonly string[])[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const each of keys) counts.set(signature(each), (counts.get(signature(each)) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return keys.find((each) => counts.get(signature(each)) === most) ?? [];
}

function signature(keys: readonly string[]): string {
  return JSON.stringify(keys.toSorted());
}

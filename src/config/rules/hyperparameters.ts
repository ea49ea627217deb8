import { type Diagnostic, errorDiagnostic, warningDiagnostic } from '../../diagnostics/diagnostic.ts';
import { quoted } from '../../diagnostics/quoted.ts';
import type { MapEntry, Span, Tree, TreeNode } from '../tree.ts';
import { entriesAt, entriesOf, type Rule, scalarsOf, withoutUnderscore } from './rule.ts';

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

/** No two hyperparameters of one model or dataset set the same name, be it through a group. */
export const noNameIsSetTwice: Rule = ({ launch }) =>
  sections(launch).flatMap(({ tree, hparam }) => {
    const first = new Map<string, Span>();
    const clashes: Diagnostic[] = [];
    const claim = (written: string, key: Span) => {
      const name = withoutUnderscore(written);
      const before = first.get(name);
      if (before === undefined) first.set(name, key);
      else {
        clashes.push(
          errorDiagnostic('CONFIG_HPARAM_CLASH', `the hyperparameter ${quoted(name)} is set twice here`, {
            location: { file: tree.file, ...key },
            related: [{ message: 'first here', location: { file: tree.file, ...before } }],
            hint: `rename one of them; "_" in front makes no other name`,
          }),
        );
      }
    };
    for (const [written, entry] of entriesOf(hparam)) claim(written, entry.key);
    for (const [, entry] of entriesOf(hparam)) {
      const [group] = entriesOf(entry.node);
      for (const [written, inner] of entriesOf(group?.[1].node)) claim(written, inner.key);
    }
    return clashes;
  });

/** A value listed twice runs once. */
export const valuesAreDistinct: Rule = ({ launch }) =>
  hyperparameters(launch).flatMap(({ tree, name, entry }) => {
    if (entry.node.kind !== 'list') return [];
    const seen = new Set<string>();
    return scalarsOf(entry.node).flatMap(({ text, span }) => {
      if (!seen.has(text)) {
        seen.add(text);
        return [];
      }
      return warningDiagnostic('CONFIG_REPEATED_VALUE', `${quoted(name)} lists ${quoted(text)} twice`, {
        location: { file: tree.file, ...span },
        hint: 'it is run once',
      });
    });
  });

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

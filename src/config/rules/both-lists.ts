import { type Diagnostic, errorDiagnostic, type Location } from '../../diagnostics/diagnostic.ts';
import { quoted } from '../../diagnostics/quoted.ts';
import type { Tree, TreeNode } from '../tree.ts';
import { entriesAt, isSet, type Rule } from './rule.ts';

const pairs = [
  ['gpu_whitelist', 'gpu_blacklist'],
  ['hostname_whitelist', 'hostname_blacklist'],
] as const;

/** Where each of two opposite lists is set, from the lowest layer up; `undefined`: nowhere, or to `null`. */
type InEffect = Readonly<Record<string, Location | undefined>>;

/**
 * A whitelist and a blacklist of the same thing are never both in effect, whichever layers set them. Each
 * pair is told once, at the higher of the two.
 */
export const onlyOneListIsInEffect: Rule = ({ launch, kube }) =>
  pairs.flatMap(([white, black]) => {
    const found = new Map<string, Diagnostic>();
    const check = (lists: InEffect, own: InEffect) => {
      const [a, b] = [lists[white], lists[black]];
      if (a === undefined || b === undefined) return;
      const upper = own[black] === undefined ? a : b;
      const lower = upper === a ? b : a;
      const [here, there] = upper === a ? [white, black] : [black, white];
      found.set(
        `${upper.file.path}:${upper.offset}`,
        errorDiagnostic('CONFIG_BOTH_LISTS', `${quoted(here)} and ${quoted(there)} are both in effect here`, {
          location: upper,
          related: [{ message: `${quoted(there)} is set here`, location: lower }],
          hint:
            own[white] !== undefined && own[black] !== undefined
              ? 'keep one of the two'
              : `add "${there}: null" here, or remove one of the two`,
        }),
      );
    };
    const layer = (below: InEffect, tree: Tree | undefined, node: TreeNode | undefined) => {
      const own = listsIn(tree, node, [white, black]);
      const lists = { ...below, ...own };
      // Nothing of its own: what is wrong below has been told there.
      if (Object.keys(own).length > 0) check(lists, own);
      return lists;
    };
    const root = layer(layer({}, kube, kube?.root), launch, launch?.root);
    const below = [root, ...entriesAt(launch, ['dataset']).map(([, { node }]) => layer(root, launch, node))];
    // A model with one of the lists of its own is wrong on any dataset that has the other: one of them will do.
    const withWhite = below.findLast((lists) => lists[white] !== undefined) ?? root;
    const withBlack = below.findLast((lists) => lists[black] !== undefined) ?? root;
    for (const [, { node }] of entriesAt(launch, ['model'])) {
      layer(withWhite, launch, node);
      layer(withBlack, launch, node);
    }
    return [...found.values()];
  });

function listsIn(tree: Tree | undefined, node: TreeNode | undefined, names: readonly string[]): InEffect {
  if (tree === undefined || node?.kind !== 'map') return {};
  return Object.fromEntries(
    names.flatMap((name) => {
      const entry = node.entries.get(name);
      if (entry === undefined) return [];
      return [[name, isSet(entry) ? { file: tree.file, ...entry.key } : undefined]];
    }),
  );
}

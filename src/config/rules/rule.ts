import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { DotEnv } from '../dotenv.ts';
import { type MapEntry, nodeAt, type Path, type ScalarNode, type Tree, type TreeNode } from '../tree.ts';

/** Both files as they were parsed; absent where there is none, or where it could not be parsed. */
export interface Project {
  readonly launch: Tree | undefined;
  readonly kube: Tree | undefined;
  readonly dotenv: DotEnv;
}

/**
 * What a schema cannot say. A rule sees files that may also break their schema, and says nothing of values
 * of the wrong type: that has been said.
 */
export type Rule = (project: Project) => readonly Diagnostic[];

/** The entries of the mapping at a path; none where there is no mapping. */
export function entriesAt(tree: Tree | undefined, path: Path): (readonly [string, MapEntry])[] {
  return entriesOf(tree && nodeAt(tree.root, path));
}

export function entriesOf(node: TreeNode | undefined): (readonly [string, MapEntry])[] {
  return node?.kind === 'map' ? [...node.entries] : [];
}

/** Every mapping that takes overridable fields. */
export function fieldPlaces({
  launch,
  kube,
}: Project): { readonly tree: Tree; readonly path: readonly string[] }[] {
  return [
    ...(kube === undefined ? [] : [{ tree: kube, path: [] }]),
    ...(launch === undefined ? [] : [{ tree: launch, path: [] }]),
    ...(['model', 'dataset'] as const).flatMap((section) =>
      entriesAt(launch, [section]).flatMap(([name]) =>
        launch === undefined ? [] : [{ tree: launch, path: [section, name] }],
      ),
    ),
  ];
}

/** A scalar, or the scalars of a list; other values are left out. */
export function scalarsOf(node: TreeNode | undefined): ScalarNode[] {
  const nodes = node?.kind === 'list' ? node.items : node === undefined ? [] : [node];
  return nodes.filter((each) => each.kind === 'scalar' && each.value !== null) as ScalarNode[];
}

/** Whether something other than `null` is written at a key. */
export function isSet(entry: MapEntry | undefined): entry is MapEntry {
  return entry !== undefined && !(entry.node.kind === 'scalar' && entry.node.value === null);
}

/** A hyperparameter's name without the underscore that hides it. */
export function withoutUnderscore(key: string): string {
  return key.startsWith('_') ? key.slice(1) : key;
}

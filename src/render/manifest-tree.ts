/** A manifest's tree with holes where values go. */
export type Tree =
  | { readonly hole: number }
  /** A scalar, or a whole part without holes, frozen. */
  | { readonly constant: unknown }
  | Branch;

/** A list or mapping. */
export type Branch =
  | { readonly items: readonly Tree[] }
  | { readonly entries: readonly (readonly [string, Tree])[] };

/** What is directly below, in order. */
export function partsOf(tree: Tree): readonly Tree[] {
  if ('items' in tree) return tree.items;
  return 'entries' in tree ? tree.entries.map(([, each]) => each) : [];
}

/** The list or mapping with its parts made. */
export function assemble(tree: Branch, part: (index: number) => unknown): unknown {
  if ('items' in tree) return tree.items.map((_, index) => part(index));
  const object: Record<string, unknown> = {};
  for (let index = 0; index < tree.entries.length; index++) {
    const key = tree.entries[index]?.[0] ?? '';
    const value = part(index);
    if (key === '__proto__')
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
    else object[key] = value;
  }
  return object;
}

/** The object a tree and its values stand for. Parts without a value of their own are shared, and frozen. */
export function fillTree(tree: Tree, values: readonly unknown[]): unknown {
  if ('hole' in tree) return values[tree.hole];
  if ('constant' in tree) return tree.constant;
  const parts = partsOf(tree);
  return assemble(tree, (index) => fillTree(parts[index] as Tree, values));
}

/** Makes what has no holes once, for all the manifests it is part of. */
export function foldConstants(tree: Tree): Tree {
  if ('hole' in tree || 'constant' in tree) return tree;
  const folded: Branch =
    'items' in tree
      ? { items: tree.items.map(foldConstants) }
      : { entries: tree.entries.map(([key, each]) => [key, foldConstants(each)] as const) };
  return partsOf(folded).every((each) => 'constant' in each)
    ? { constant: Object.freeze(fillTree(folded, [])) }
    : folded;
}

export function holeCount(tree: Tree): number {
  if ('hole' in tree) return tree.hole + 1;
  return partsOf(tree).reduce((most, each) => Math.max(most, holeCount(each)), 0);
}

import type { Location } from '../diagnostics/diagnostic.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';

/** A range of a file's text, in UTF-16 code units. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** A YAML document with positions: aliases and merge keys resolved, keys distinct, depth and size bounded. */
export type TreeNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly span: Span;
  readonly value: string | number | boolean | null;
  /** Exactly as it was written, quotes and folding resolved: `1e-5`, `007`, `yes`. */
  readonly text: string;
}

interface ListNode {
  readonly kind: 'list';
  readonly span: Span;
  readonly items: readonly TreeNode[];
}

interface MapNode {
  readonly kind: 'map';
  readonly span: Span;
  /** In file order; entries of merge keys (`<<`) come last. */
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  readonly key: Span;
  readonly node: TreeNode;
}

/** One parsed file. */
export interface Tree {
  readonly file: SourceFile;
  readonly root: TreeNode;
  /** Whether aliases or merge keys make one text stand for several values. */
  readonly repeats: boolean;
}

export type Path = readonly (string | number)[];

/** The place of a value, or of its key, in the file; the nearest parent that exists where it does not. */
export function locate(tree: Tree, path: Path, what: 'key' | 'value' = 'value'): Location {
  let node = tree.root;
  let key: Span | undefined;
  for (const step of path) {
    const entry = childOf(node, step);
    if (entry === undefined) break;
    node = entry.node;
    key = entry.key;
  }
  const span = what === 'key' && key !== undefined ? key : node.span;
  return { file: tree.file, ...span };
}

/** The node at a path, or `undefined`. A hyperparameter is found with and without its underscore. */
export function nodeAt(root: TreeNode, path: Path): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const step of path) {
    if (node === undefined) return undefined;
    node = childOf(node, step)?.node;
  }
  return node;
}

function childOf(node: TreeNode, step: string | number): MapEntry | undefined {
  if (node.kind === 'map') return node.entries.get(String(step)) ?? node.entries.get(`_${step}`);
  if (node.kind === 'scalar') return undefined;
  const item = node.items[Number(step)];
  return item && { key: item.span, node: item };
}

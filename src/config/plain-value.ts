import { childPlace, type Place, typesOf } from './schema-node.ts';
import type { ScalarNode, TreeNode } from './tree.ts';

/** What a validator and the normalization read. Objects have no prototype, so no key means anything by itself. */
export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };

/**
 * A tree as plain data. The schema says where a scalar is text: there it is kept exactly as it was written.
 */
export function plainValue(node: TreeNode, place: Place | undefined): PlainValue {
  if (node.kind === 'scalar') return scalarValue(node, place);
  if (node.kind === 'list') {
    const item = place && childPlace(place, 0);
    return node.items.map((each) => plainValue(each, item));
  }
  const value: Record<string, PlainValue> = Object.create(null);
  for (const [key, entry] of node.entries)
    value[key] = plainValue(entry.node, place && childPlace(place, key));
  return value;
}

function scalarValue(node: ScalarNode, place: Place | undefined): PlainValue {
  const { value, text } = node;
  if (place === undefined || value === null || typeof value === 'string') return value;
  if (place.schema['x-text'] === true) return text;
  const types = typesOf(place.schema);
  const fits =
    typeof value === 'number'
      ? types.includes('number') || types.includes('integer')
      : types.includes('boolean');
  return !fits && types.includes('string') ? text : value;
}

import type { ValidationError } from '../generated/validators.js';
import type { Place, SchemaName } from './schema-node.ts';
import type { Path, Tree, TreeNode } from './tree.ts';

/** All that an explanation may speak of. */
export interface Complaint {
  readonly tree: Tree;
  readonly name: SchemaName;
  readonly error: ValidationError;
  readonly path: Path;
  readonly place: Place | undefined;
  readonly node: TreeNode | undefined;
}

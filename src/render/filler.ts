import { loneSurrogate, ManifestText } from './manifest-text.ts';
import { assemble, partsOf, type Tree } from './manifest-tree.ts';
import type { Skeleton } from './skeleton.ts';
import { writeJson } from './write-value.ts';

/** A part of a manifest that has holes, numbered `first` to `end - 1`. */
interface Part {
  readonly tree: Tree;
  readonly parts: readonly Part[];
  readonly first: number;
  readonly end: number;
  /** As it was in the manifest before. */
  made: unknown;
}

/**
 * Fills a skeleton, for manifest after manifest. Those of a sweep differ in a few texts; what is as it was in the one
 * before is not made again: its JSON is kept, and a part of the tree is the same object, frozen, by which the checks
 * know that it has passed.
 */
export class Filler {
  readonly skeleton: Skeleton;
  readonly #root: Part;
  readonly #json: string[] = [];
  /** For each hole, whether its value is another than in the manifest before. */
  readonly #isNew: boolean[] = [];
  /** For each hole, whether its value is no Unicode. */
  readonly #isOdd: boolean[] = [];
  readonly #hasOddPiece: boolean;
  #values: readonly unknown[] = [];

  constructor(skeleton: Skeleton) {
    this.skeleton = skeleton;
    this.#root = partOf(skeleton.tree, { count: 0 });
    this.#hasOddPiece = skeleton.pieces.some((each) => loneSurrogate.test(each));
  }

  /** @param values one for each hole */
  fill(values: readonly unknown[]): { readonly manifest: ManifestText; readonly object: unknown } {
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      const isNew = this.#json[index] === undefined || value !== this.#values[index] || mayChange(value);
      this.#isNew[index] = isNew;
      if (!isNew) continue;
      const json = writeJson(value);
      this.#json[index] = json;
      this.#isOdd[index] = loneSurrogate.test(json);
    }
    this.#values = values;
    const isWellFormed = !this.#hasOddPiece && !this.#isOdd.includes(true);
    const manifest = new ManifestText(this.skeleton.pieces, [...this.#json], isWellFormed);
    return { manifest, object: this.#make(this.#root) };
  }

  #make(part: Part): unknown {
    const { tree, parts } = part;
    if ('constant' in tree) return tree.constant;
    if (part.made !== undefined && !this.#hasNew(part))
      return Object.isFrozen(part.made) ? part.made : Object.freeze(part.made);
    part.made =
      'hole' in tree
        ? plain(this.#values[tree.hole])
        : assemble(tree, (index) => this.#make(parts[index] as Part));
    return part.made;
  }

  #hasNew({ first, end }: Part): boolean {
    for (let hole = first; hole < end; hole++) if (this.#isNew[hole] === true) return true;
    return false;
  }
}

/** Holes are numbered in the order in which they stand in the text, which is that of the tree. */
function partOf(tree: Tree, holes: { count: number }): Part {
  const first = holes.count;
  if ('hole' in tree) holes.count += 1;
  const parts = partsOf(tree).map((each) => partOf(each, holes));
  return { tree, parts, first, end: holes.count, made: undefined };
}

function mayChange(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Object.isFrozen(value);
}

/** The value as its JSON reads, which is what the manifest holds: nothing absent, nothing shared with the view. */
export function plain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'object' && value !== null ? JSON.parse(JSON.stringify(value)) : value;
}

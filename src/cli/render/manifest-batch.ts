import { joinText, ManifestText } from '../../render/manifest-text.ts';

/**
 * Manifests on their way to the thread that writes them: what they share is told once, and of each the values that
 * differ from those of the one before. Whole texts would take as long to hand over as to write.
 */
export interface Batch {
  /** The pieces of manifests of a kind not met before; from here on known by their number. */
  readonly shapes: (readonly string[])[];
  readonly files: FileNote[];
}

/** Shapes that are remembered; templates with values in keys could have one a trial. */
const maxShapes = 256;

/** Path, what stands before the manifest, number of its shape, then place and text of each value that differs. */
type FileNote = readonly [path: string, head: string, shape: number, ...changes: (number | string)[]];

export class Packer {
  readonly #shapes = new Map<readonly string[], { readonly number: number; values: readonly string[] }>();
  #batch: Batch = { shapes: [], files: [] };

  /** Files that wait to be taken. */
  get length(): number {
    return this.#batch.files.length;
  }

  add(path: string, head: string, manifest: ManifestText): void {
    const { pieces, values } = manifest;
    let shape = this.#shapes.get(pieces);
    if (shape === undefined) {
      const isWhole = values.length === 1 && pieces.every((each) => each === '');
      if (this.#shapes.size >= maxShapes && !isWhole) {
        this.add(path, head, ManifestText.of(manifest.toString()));
        return;
      }
      shape = { number: this.#shapes.size, values: [] };
      this.#shapes.set(pieces, shape);
      this.#batch.shapes.push(pieces);
    }
    const note: [string, string, number, ...(number | string)[]] = [path, head, shape.number];
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? '';
      if (value !== shape.values[index]) note.push(index, value);
    }
    shape.values = values;
    this.#batch.files.push(note);
  }

  take(): Batch {
    const batch = this.#batch;
    this.#batch = { shapes: [], files: [] };
    return batch;
  }
}

/** Reads the batches of one `Packer`, in their order. */
export class Unpacker {
  readonly #shapes: { readonly pieces: readonly string[]; readonly values: string[] }[] = [];

  *files({ shapes, files }: Batch): Generator<readonly [path: string, text: string]> {
    for (const pieces of shapes) this.#shapes.push({ pieces, values: [] });
    for (const [path, head, number, ...changes] of files) {
      const shape = this.#shapes[number];
      if (shape === undefined) throw new Error(`there is no shape ${number}`);
      for (let index = 0; index < changes.length; index += 2)
        shape.values[changes[index] as number] = changes[index + 1] as string;
      yield [path, head + joinText(shape.pieces, shape.values)];
    }
  }
}

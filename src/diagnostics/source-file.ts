/** A position for people: both count from 1; the column counts UTF-16 code units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A text with a name, and the way from an offset in it to a line and column. */
export class SourceFile {
  /** The path as the user would type it, relative to the project. */
  readonly path: string;
  readonly text: string;
  /** Whether its text must never be printed, as that of `.env`. */
  readonly secret: boolean;
  #lineStarts: readonly number[] | undefined;

  constructor(path: string, text: string, options: { readonly secret?: boolean } = {}) {
    this.path = path;
    this.text = text;
    this.secret = options.secret ?? false;
  }

  /** The position of a UTF-16 offset; offsets past the end are the end. */
  position(offset: number): Position {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: Math.min(offset, this.text.length) - (starts[low] ?? 0) + 1 };
  }

  /** The text of a line, counted from 1, without its line break. */
  line(number: number): string {
    const starts = this.#starts();
    const end = starts[number] ?? this.text.length + 1;
    return this.text.slice(starts[number - 1] ?? this.text.length, end - 1).replace(/\r$/, '');
  }

  /** Built once, and only when somebody asks: most files are never complained about. */
  #starts(): readonly number[] {
    if (this.#lineStarts === undefined) {
      const starts = [0];
      for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1))
        starts.push(at + 1);
      this.#lineStarts = starts;
    }
    return this.#lineStarts;
  }
}

/** JSON writes half of a surrogate pair, which is no Unicode, as an escape. */
export const loneSurrogate = /\\ud[89a-f][0-9a-f]{2}/;

const nothingShared: readonly string[] = ['', ''];

/**
 * A manifest's YAML as the text that it shares with others and the values in between, written: putting it together
 * may be left to another thread, which is told the shared text once.
 */
export class ManifestText {
  /** One more than there are values. */
  readonly pieces: readonly string[];
  readonly values: readonly string[];
  /** Whether it is all Unicode. */
  readonly isWellFormed: boolean;

  constructor(pieces: readonly string[], values: readonly string[], isWellFormed: boolean) {
    this.pieces = pieces;
    this.values = values;
    this.isWellFormed = isWellFormed;
  }

  /** Of a text that shares nothing with others. */
  static of(text: string): ManifestText {
    return new ManifestText(nothingShared, [text], !loneSurrogate.test(text));
  }

  /** In UTF-16 code units. */
  get length(): number {
    let length = 0;
    for (const piece of this.pieces) length += piece.length;
    for (const value of this.values) length += value.length;
    return length;
  }

  /** Whether a text stands in one of its values, or in what it shares. */
  mentions(text: string): boolean {
    return [this.pieces, this.values].some((texts) => texts.some((each) => each.includes(text)));
  }

  toString(): string {
    return joinText(this.pieces, this.values);
  }
}

export function joinText(pieces: readonly string[], values: readonly string[]): string {
  let text = pieces[0] ?? '';
  for (let index = 0; index < values.length; index++) text += values[index] + (pieces[index + 1] ?? '');
  return text;
}

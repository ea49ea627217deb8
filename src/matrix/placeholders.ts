/** A placeholder as written: `<name>` or `<name|quote>`. */
export interface Slot {
  readonly name: string;
  readonly quote: boolean;
  /** UTF-16 offsets in the text it was parsed from. */
  readonly start: number;
  readonly end: number;
}

/** A text cut at its placeholders; literal parts have `\<` already reduced to `<`. */
export type Template = readonly (string | Slot)[];

const pattern = /\\<|(<+)(?:([\p{L}_][\p{L}\p{N}_.-]*)(\|quote)?>)?/gu;

/**
 * Cuts a text at its placeholders. `<` followed by a letter or `_`, then letters, digits, `_`, `-`, `.`, then
 * `>` is one, with or without `|quote`; `\<` is a literal `<`; everything else is left alone, two or more `<`
 * in a row (`<<EOF`, `<<<word`) included.
 */
export function parseTemplate(text: string): Template {
  if (!text.includes('<')) return [text];
  const parts: (string | Slot)[] = [];
  let literal = '';
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    const [all, run, name, quote] = match;
    const end = match.index + all.length;
    if (all === '\\<') literal += `${text.slice(last, match.index)}<`;
    else if (run === '<' && name !== undefined) {
      literal += text.slice(last, match.index);
      if (literal !== '') parts.push(literal);
      literal = '';
      parts.push({ name, quote: quote !== undefined, start: match.index, end });
    } else continue;
    last = end;
  }
  literal += text.slice(last);
  if (literal !== '' || parts.length === 0) parts.push(literal);
  return parts;
}

/** What a name comes to in one pair: the same text for all its trials, or one by point of an axis. */
export type Source =
  | { readonly kind: 'constant'; readonly text: string; readonly quoted: string }
  | {
      readonly kind: 'axis';
      /** Position of the axis in the pair. */
      readonly axis: number;
      /** By point. */
      readonly texts: readonly string[];
      readonly quoted: readonly string[];
    }
  /** The trial's name, which needs no quotes. */
  | { readonly kind: 'name' };

export type Scope = (name: string, quote: boolean) => Source | undefined;

/** A template whose names are bound to a pair: constants are folded in, the rest is looked up by point. */
export interface BoundTemplate {
  readonly parts: readonly (string | BoundSlot)[];
  /** Names nobody knows, with their place in the template's text. */
  readonly unknown: readonly Slot[];
}

interface BoundSlot {
  /** −1: the trial's name. */
  readonly axis: number;
  readonly texts: readonly string[];
}

export function bindTemplate(template: Template, scope: Scope): BoundTemplate {
  const parts: (string | BoundSlot)[] = [];
  const unknown: Slot[] = [];
  let literal = '';
  for (const part of template) {
    if (typeof part === 'string') {
      literal += part;
      continue;
    }
    const source = scope(part.name, part.quote);
    if (source === undefined) unknown.push(part);
    else if (source.kind === 'constant') literal += part.quote ? source.quoted : source.text;
    else {
      if (literal !== '') parts.push(literal);
      literal = '';
      if (source.kind === 'name') parts.push({ axis: -1, texts: [] });
      else parts.push({ axis: source.axis, texts: part.quote ? source.quoted : source.texts });
    }
  }
  if (literal !== '') parts.push(literal);
  return { parts, unknown };
}

/** One pass: what is put in is never looked at again. */
export function renderTemplate(bound: BoundTemplate, points: ArrayLike<number>, name: string): string {
  let text = '';
  for (const part of bound.parts) {
    if (typeof part === 'string') text += part;
    else text += part.axis === -1 ? name : part.texts[points[part.axis] as number];
  }
  return text;
}

import mapValues from 'lodash/mapValues.js';
import type { Rendering } from './template-engine.ts';

/** A text that no view has: the place of the view's text with this number. */
const slot = (number: number) => `\0slot ${number}`;

/**
 * A rendering that can be had again for views that differ in texts only, without running the template: the texts
 * of the first view were replaced by numbered slots, and the rendering tells which value came from which. Holds
 * for templates that look at a text only to see whether it is empty, as ours do.
 */
export class Replay {
  readonly text: string;
  readonly #view: unknown;
  /** For each hole: the number of a text of the view, or a value that is always the same. */
  readonly #sources: readonly (number | { readonly constant: unknown })[];

  private constructor(view: unknown, rendering: Rendering) {
    this.#view = view;
    this.text = rendering.text;
    this.#sources = rendering.values.map((value) => {
      const number = typeof value === 'string' ? /^\0slot (\d+)$/.exec(value)?.[1] : undefined;
      return number === undefined ? { constant: value } : Number(number);
    });
  }

  /** `undefined` where a hole takes a mapping or list that may differ: such a template has to be run each time. */
  static of(view: unknown, render: (view: unknown) => Rendering): Replay | undefined {
    const rendering = render(withSlots(view, { count: 0 }));
    const fixed = rendering.values.every((value) => typeof value !== 'object' || Object.isFrozen(value));
    return fixed ? new Replay(view, rendering) : undefined;
  }

  /** The values of the holes for another view; `undefined` where it differs from the first in more than texts. */
  values(view: unknown): unknown[] | undefined {
    const texts: string[] = [];
    if (!collectTexts(this.#view, view, texts)) return undefined;
    return this.#sources.map((source) => (typeof source === 'number' ? texts[source] : source.constant));
  }
}

/** A copy of a view with slots for its texts. Empty ones stay, since templates leave them out; frozen parts stay. */
function withSlots(value: unknown, numbers: { count: number }): unknown {
  if (typeof value === 'string') {
    const number = numbers.count++;
    return value === '' ? '' : slot(number);
  }
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return value.map((each) => withSlots(each, numbers));
  return mapValues(value, (each) => withSlots(each, numbers));
}

/** Collects the texts of `b` in the order of `withSlots`; false where it differs from `a` otherwise. */
function collectTexts(a: unknown, b: unknown, texts: string[]): boolean {
  if (typeof a === 'string') {
    if (typeof b !== 'string' || (a === '') !== (b === '')) return false;
    texts.push(b);
    return true;
  }
  if (typeof a !== 'object' || a === null || Object.isFrozen(a)) return a === b;
  if (typeof b !== 'object' || b === null || Object.isFrozen(b)) return false;
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((each, index) => collectTexts(each, b[index], texts))
    );
  }
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  const others = Object.keys(b);
  if (keys.length !== others.length) return false;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as keyof typeof a;
    if (key !== others[index] || !collectTexts(a[key], b[key], texts)) return false;
  }
  return true;
}

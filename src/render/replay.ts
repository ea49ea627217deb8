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
  readonly #shape: Shape;
  /** For each hole: the number of a text of the view, or a value that is always the same. */
  readonly #sources: readonly (number | { readonly constant: unknown })[];

  private constructor(view: unknown, rendering: Rendering) {
    this.#shape = shapeOf(view);
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
    if (!collectTexts(this.#shape, view, texts)) return undefined;
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

/** What another view must be like: taken from the first one once, since it is compared with thousands. */
type Shape =
  | { readonly text: 'empty' | 'some' }
  | { readonly same: unknown }
  | { readonly items: readonly Shape[] }
  | { readonly keys: readonly string[]; readonly parts: readonly Shape[] };

function shapeOf(value: unknown): Shape {
  if (typeof value === 'string') return { text: value === '' ? 'empty' : 'some' };
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return { same: value };
  if (Array.isArray(value)) return { items: value.map(shapeOf) };
  return { keys: Object.keys(value), parts: Object.values(value).map(shapeOf) };
}

/** Collects the texts of a view in the order of `withSlots`; false where it differs from the first otherwise. */
function collectTexts(shape: Shape, value: unknown, texts: string[]): boolean {
  if ('text' in shape) {
    if (typeof value !== 'string' || (value === '') !== (shape.text === 'empty')) return false;
    texts.push(value);
    return true;
  }
  if ('same' in shape) return value === shape.same;
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return false;
  if ('items' in shape) {
    const { items } = shape;
    if (!Array.isArray(value) || value.length !== items.length) return false;
    for (let index = 0; index < items.length; index++)
      if (!collectTexts(items[index] as Shape, value[index], texts)) return false;
    return true;
  }
  if (Array.isArray(value)) return false;
  const { keys, parts } = shape;
  let index = 0;
  for (const key in value) {
    if (key !== keys[index]) return false;
    if (!collectTexts(parts[index] as Shape, value[key as keyof typeof value], texts)) return false;
    index += 1;
  }
  return index === keys.length;
}

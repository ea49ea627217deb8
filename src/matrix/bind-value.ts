import {
  type BoundTemplate,
  bindTemplate,
  parseTemplate,
  renderTemplate,
  type Scope,
  type Slot,
} from './placeholders.ts';

/** A field's value in one pair: the same for all its trials, or made for each. */
export type BoundValue =
  | { readonly fixed: true; readonly value: unknown }
  | { readonly fixed: false; readonly render: (points: ArrayLike<number>, name: string) => unknown };

type Path = readonly (string | number)[];

/** Told of each placeholder nobody knows: where the text is, the text, and the placeholder in it. */
export type OnUnknown = (path: Path, text: string, slot: Slot) => void;

/** Binds the placeholders in every string of a value, list items and map values included; keys are not. */
export function bindValue(value: unknown, path: Path, scope: Scope, onUnknown: OnUnknown): BoundValue {
  if (!holdsPlaceholder(value)) return { fixed: true, value };
  if (typeof value === 'string') return bindText(value, path, scope, onUnknown);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => bindValue(item, [...path, index], scope, onUnknown));
    return combine(items, (all) => all);
  }
  const entries = Object.entries(value as object);
  const values = entries.map(([key, item]) => bindValue(item, [...path, key], scope, onUnknown));
  return combine(values, (all) => Object.fromEntries(entries.map(([key], index) => [key, all[index]])));
}

function bindText(value: string, path: Path, scope: Scope, onUnknown: OnUnknown): BoundValue {
  const bound: BoundTemplate = bindTemplate(parseTemplate(value), scope);
  for (const slot of bound.unknown) onUnknown(path, value, slot);
  if (bound.parts.every((part) => typeof part === 'string'))
    return { fixed: true, value: bound.parts.join('') };
  return { fixed: false, render: (points, name) => renderTemplate(bound, points, name) };
}

function combine(items: readonly BoundValue[], build: (values: readonly unknown[]) => unknown): BoundValue {
  if (items.every((item) => item.fixed))
    return { fixed: true, value: build(items.map((item) => item.value)) };
  return {
    fixed: false,
    render: (points, name) =>
      build(items.map((item) => (item.fixed ? item.value : item.render(points, name)))),
  };
}

function holdsPlaceholder(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('<');
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(holdsPlaceholder);
}

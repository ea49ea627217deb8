import type { ProjectFields } from '../config/fields.ts';
import type { Pair } from './axes.ts';
import type { Scope, Source } from './placeholders.ts';
import { quoteForShell } from './shell-quote.ts';

/** Names every trial has, unless a hyperparameter has the name. */
export const builtinNames = ['model', 'dataset', 'name', 'project', 'user'] as const;

/** What placeholders may name in a pair: its hyperparameters, groups' inner keys included, then the builtins. */
export function scopeOf(pair: Pair, project: ProjectFields): Scope {
  const sources = new Map<string, Source>();
  const constant = (text: string): Source => ({ kind: 'constant', text, quoted: quoteForShell(text) });
  sources.set('model', constant(pair.model.name));
  sources.set('dataset', constant(pair.dataset.name));
  sources.set('name', { kind: 'name' });
  sources.set('project', constant(project.project_name));
  if (project.user !== undefined) sources.set('user', constant(project.user));
  const axes = new Map<string, number>();
  pair.axes.forEach((axis, index) => {
    for (const key of axis.keys) axes.set(key, index);
  });
  return (name, quote) => {
    const index = axes.get(name);
    const axis = index === undefined ? undefined : pair.axes[index];
    if (index === undefined || axis === undefined) return sources.get(name);
    const texts = axis.texts(name);
    const quoted = quote ? axis.quoted(name) : texts;
    if (texts.length === 1) return { kind: 'constant', text: texts[0] ?? '', quoted: quoted[0] ?? '' };
    return { kind: 'axis', axis: index, texts, quoted };
  };
}

/** Every name {@link scopeOf} knows in the pair, for the hint at a misspelt one. */
export function namesIn(pair: Pair): readonly string[] {
  return [...new Set([...pair.axes.flatMap((axis) => axis.keys), ...builtinNames])];
}

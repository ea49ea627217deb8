import type { Config } from '../config/config.ts';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { quoted } from '../diagnostics/quoted.ts';
import type { Pair } from './axes.ts';
import { findField } from './layers.ts';
import { maxNameLength } from './legal-name.ts';
import { type NamedPair, namePair } from './name.ts';
import { bindTemplate, parseTemplate, renderTemplate } from './placeholders.ts';
import { scopeOf } from './scope.ts';
import { unknownPlaceholder } from './unknown-placeholder.ts';

/** Gives each pair the beginning of its trials' names, and collects what is wrong with a prefix. */
export class PairNames {
  readonly diagnostics: Diagnostic[] = [];
  readonly #config: Config;
  readonly #usual: string;
  readonly #named = new Map<Pair, NamedPair>();
  readonly #reported = new Set<string>();

  constructor(config: Config) {
    this.#config = config;
    const written = config.root.prefix === undefined ? config.kube.prefix : config.root.prefix;
    this.#usual = written === undefined ? (config.project.user ?? '') : (written ?? '');
  }

  of(pair: Pair): NamedPair {
    let named = this.#named.get(pair);
    if (named === undefined) {
      const { project_name } = this.#config.project;
      named = namePair(pair, project_name, this.#prefix(pair), this.#usual, this.#maxLength(pair));
      this.#named.set(pair, named);
    }
    return named;
  }

  /** The pods of a trial on several nodes are called NAME-0, NAME-1 …, and these are labels, too. */
  #maxLength(pair: Pair): number {
    const axis = pair.axes.find(({ keys }) => keys.includes('workers'));
    const written = axis?.texts('workers') ?? [findField(this.#config, pair, 'workers')?.value ?? 0];
    const workers = Math.max(0, ...written.map((each) => Math.floor(Number(each)) || 0));
    return maxNameLength - (workers > 0 ? `-${workers}`.length : 0);
  }

  #prefix(pair: Pair): string | ((points: ArrayLike<number>) => string) {
    const index = pair.axes.findIndex((axis) => axis.keys.includes('prefix'));
    const texts = pair.axes[index]?.texts('prefix');
    if (texts !== undefined) return (points) => texts[points[index] as number] ?? '';
    const field = findField(this.#config, pair, 'prefix');
    if (field === undefined) return this.#usual;
    if (typeof field.value !== 'string') return '';
    if (field.layer === 'kube' || field.layer === 'policy' || !field.value.includes('<')) return field.value;
    const bound = bindTemplate(parseTemplate(field.value), scopeOf(pair, this.#config.project));
    const text = { path: field.path, value: field.value };
    for (const slot of bound.unknown)
      this.#report(field.path, () => unknownPlaceholder(this.#config, pair, text, slot));
    if (bound.parts.some((part) => typeof part !== 'string' && part.axis === -1))
      this.#report(field.path, () =>
        errorDiagnostic(
          'MATRIX_NAME_IN_PREFIX',
          `the prefix ${quoted(text.value)} contains <name>, of which it is a part`,
          {
            location: this.#config.locate('launch', field.path),
            hint: 'use <model>, <dataset>, <user> or a hyperparameter',
          },
        ),
      );
    if (bound.parts.every((part) => typeof part === 'string')) return bound.parts.join('');
    return (points) => renderTemplate(bound, points, '');
  }

  #report(path: readonly (string | number)[], make: () => Diagnostic): void {
    const key = path.join('\0');
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.diagnostics.push(make());
  }
}

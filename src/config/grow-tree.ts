import { isAlias, isPair, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap } from 'yaml';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { hintFor } from '../diagnostics/nearest-name.ts';
import { quoted } from '../diagnostics/quoted.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';
import type { MapEntry, ScalarNode, Span, Tree, TreeNode } from './tree.ts';

/** Values that aliases and merge keys may repeat, all in all; a long text counts for more than one. */
const maxRepeated = 100_000;
const charactersPerValue = 200;

const plainTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
);

/** Names that mean something to JavaScript objects: never worth the risk as a model or a variable. */
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** The tree is absent where nothing after its problems would be worth telling. */
export interface GrownTree {
  readonly tree?: Tree;
  readonly diagnostics: readonly Diagnostic[];
}

/** The library's nodes as our tree. Aliases point into it, so an anchor's content is there once. */
export function growTree(file: SourceFile, contents: ParsedNode): GrownTree {
  const grower = new Grower(file);
  const root = grower.grow(contents);
  if (grower.fatal !== undefined) return { diagnostics: [grower.fatal] };
  return { tree: { file, root, repeats: grower.repeats }, diagnostics: grower.problems };
}

class Grower {
  readonly problems: Diagnostic[] = [];
  /** A problem of the whole file, after which no other is worth telling. */
  fatal: Diagnostic | undefined;
  readonly #file: SourceFile;
  /** The latest node of each anchor; `undefined` while it is being grown. */
  readonly #anchors = new Map<string, TreeNode | undefined>();
  /** Number of values below a node, itself included, each alias counted in full. */
  readonly #sizes = new WeakMap<TreeNode, number>();
  #repeated = 0;

  constructor(file: SourceFile) {
    this.#file = file;
  }

  get repeats(): boolean {
    return this.#repeated > 0;
  }

  grow(node: ParsedNode | null): TreeNode {
    const span = spanOf(node);
    if (node === null) return { kind: 'scalar', span, value: null, text: '' };
    if (isAlias(node)) return this.#follow(node.source, span);
    if (node.tag !== undefined && !plainTags.has(node.tag)) this.#refuseTag(span);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, undefined);
    const grown: TreeNode = isScalar(node)
      ? scalarNode(node, span)
      : isSeq(node)
        ? { kind: 'list', span, items: node.items.map((item) => this.grow(item as ParsedNode)) }
        : this.#growMap(node as YAMLMap.Parsed, span);
    this.#sizes.set(grown, sizeOf(grown, this.#sizes));
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, grown);
    return grown;
  }

  #growMap(node: YAMLMap.Parsed, span: Span): TreeNode {
    const entries = new Map<string, MapEntry>();
    const merged: ParsedNode[] = [];
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const key = pair.key as ParsedNode | null;
      const value = pair.value as ParsedNode | null;
      if (isScalar(key) && key.type === 'PLAIN' && key.value === '<<' && value !== null) {
        merged.push(value);
        continue;
      }
      const name = this.#keyText(key);
      const entry = { key: spanOf(key), node: this.grow(value) };
      if (name === undefined) continue;
      const first = entries.get(name);
      if (first !== undefined) this.#refuseDuplicate(name, entry.key, first.key);
      // A value that was left out has its place after the key, where it would be written.
      else
        entries.set(
          name,
          value === null || isEmpty(value) ? { ...entry, node: { ...entry.node, span: entry.key } } : entry,
        );
    }
    for (const source of merged) this.#merge(entries, source);
    return { kind: 'map', span, entries };
  }

  /** `<<: *defaults`, or a list of such: their entries, where the mapping has none of its own. */
  #merge(entries: Map<string, MapEntry>, source: ParsedNode): void {
    const grown = this.grow(source);
    for (const map of grown.kind === 'list' ? grown.items : [grown]) {
      if (map.kind !== 'map') {
        this.problems.push(
          errorDiagnostic('CONFIG_ALIAS', '"<<" merges mappings, and this is none', {
            location: this.#at(spanOf(source)),
            hint: 'write for example: <<: *defaults',
          }),
        );
        return;
      }
      this.#count(this.#sizes.get(map) ?? 1, spanOf(source));
      for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, entry);
    }
  }

  #follow(anchor: string, span: Span): TreeNode {
    const found = this.#anchors.get(anchor);
    const nothing = { kind: 'scalar', span, value: null, text: '' } as const;
    if (found !== undefined) {
      this.#count(this.#sizes.get(found) ?? 1, span);
      return this.fatal === undefined ? found : nothing;
    }
    const inside = this.#anchors.has(anchor);
    this.problems.push(
      errorDiagnostic(
        'CONFIG_ALIAS',
        inside
          ? `"*${anchor}" stands inside the value that it repeats`
          : `"*${anchor}" repeats an anchor that is not there`,
        {
          location: this.#at(span),
          hint: inside
            ? 'move it out of the value marked "&"'
            : (hintFor(anchor, this.#anchors.keys(), (name) => `*${name}`) ??
              `put quotes around a text that starts with "*", or mark a value above with "&${anchor}"`),
        },
      ),
    );
    return nothing;
  }

  #count(size: number, span: Span): void {
    this.#repeated += size;
    if (this.#repeated <= maxRepeated) return;
    this.fatal ??= errorDiagnostic(
      'CONFIG_ALIAS',
      'aliases repeat more values than a configuration can hold',
      {
        location: this.#at(span),
        hint: 'repeat less with "*" and "<<"',
      },
    );
  }

  #keyText(key: ParsedNode | null): string | undefined {
    const span = spanOf(key);
    const refuse = (message: string, hint: string) => {
      this.problems.push(errorDiagnostic('CONFIG_BAD_KEY', message, { location: this.#at(span), hint }));
      return undefined;
    };
    if (key === null || !isScalar(key)) return refuse('a key is a single text', 'put the key in quotes');
    const text = scalarNode(key, span).text;
    if (text === '') return refuse('a key is empty', 'write a name before the ":"');
    if (forbiddenKeys.has(text)) return refuse(`"${text}" cannot be used as a name`, 'choose another name');
    return text;
  }

  #refuseDuplicate(name: string, key: Span, first: Span): void {
    this.problems.push(
      errorDiagnostic('CONFIG_DUPLICATE_KEY', `the key ${quoted(name)} is there twice`, {
        location: this.#at(key),
        related: [{ message: 'first here', location: this.#at(first) }],
        hint: 'keep one of the two',
      }),
    );
  }

  #refuseTag(span: Span): void {
    const tag = this.#tagBefore(span.offset) ?? span;
    this.problems.push(
      errorDiagnostic('CONFIG_TAG', 'YAML tags are not used here', {
        location: this.#at(tag),
        hint: 'remove the tag, or put quotes around a text that starts with "!"',
      }),
    );
  }

  /** A value's place does not hold its tag, nor an anchor between the two. */
  #tagBefore(offset: number): Span | undefined {
    const from = Math.max(0, offset - 200);
    const match = /(!\S*)(?:\s+&\S+)?\s*$/.exec(this.#file.text.slice(from, offset));
    return match?.[1] === undefined ? undefined : { offset: from + match.index, length: match[1].length };
  }

  #at(span: Span) {
    return { file: this.#file, ...span };
  }
}

function scalarNode(node: Scalar, span: Span): ScalarNode {
  const { value, source } = node;
  if (typeof value === 'string') return { kind: 'scalar', span, value, text: value };
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
    return { kind: 'scalar', span, value, text: source ?? String(value) };
  }
  const text = source ?? String(value);
  return { kind: 'scalar', span, value: text, text };
}

function isEmpty(node: ParsedNode): boolean {
  return isScalar(node) && node.value === null && (node.source ?? '') === '';
}

function spanOf(node: ParsedNode | null): Span {
  const [start, end] = node?.range ?? [0, 0];
  return { offset: start, length: end - start };
}

function sizeOf(node: TreeNode, sizes: WeakMap<TreeNode, number>): number {
  let size = node.kind === 'scalar' ? 1 + Math.floor(node.text.length / charactersPerValue) : 1;
  if (node.kind === 'list') for (const item of node.items) size += sizes.get(item) ?? 1;
  if (node.kind === 'map') for (const entry of node.entries.values()) size += sizes.get(entry.node) ?? 1;
  return size;
}

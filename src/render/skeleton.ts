import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, type YAMLError } from 'yaml';
import { explainSyntax } from '../config/explain-syntax.ts';
import { SourceFile } from '../diagnostics/source-file.ts';
import { checkType, knownKinds, modelOf, type TypeProblem } from './check-types.ts';
import { fillTree, foldConstants, holeCount, type Tree } from './manifest-tree.ts';
import { hole } from './template-engine.ts';

type Path = readonly (string | number)[];

/** Something wrong with a rendered text, at a line of it (from 1). */
export interface ManifestProblem extends TypeProblem {
  readonly line: number;
  readonly syntax?: true;
}

/** A rendered text, parsed and checked once for all the manifests that differ from it in values only. */
export interface Skeleton {
  /** The text between the holes. */
  readonly pieces: readonly string[];
  readonly holes: readonly Hole[];
  readonly tree: Tree;
  readonly problems: readonly ManifestProblem[];
}

export interface Hole {
  readonly path: Path;
  /** The Kubernetes type of what belongs here, as in `kubernetesTypes`. */
  readonly type: string;
  /** Whether any text is right here. */
  readonly isText: boolean;
  readonly line: number;
}

/** A stand-in that the parser reads as one string, and that stands nowhere in the text yet. */
function standIn(text: string): string {
  let word = 'hole';
  while (text.includes(word)) word += '_';
  return word;
}

/**
 * Parses and checks a text with holes. `undefined` where a hole is not a whole scalar of its own (in a comment,
 * inside quotes, part of a longer text): such manifests have to be parsed one by one, see `parseManifest`.
 */
export function analyzeSkeleton(text: string): Skeleton | undefined {
  const pieces = text.split(hole);
  const word = standIn(text);
  let numbered = pieces[0] ?? '';
  for (let index = 1; index < pieces.length; index++) numbered += `"${word}${index - 1};"${pieces[index]}`;
  const found = new Map<number, { path: Path; line: number }>();
  const marker = new RegExp(`^${word}(\\d+);$`);
  const replace = (node: unknown, path: Path, line: number): Tree | undefined => {
    const number = typeof node === 'string' ? marker.exec(node)?.[1] : undefined;
    if (number === undefined) return undefined;
    found.set(Number(number), { path, line });
    return { hole: Number(number) };
  };
  const parsed = parse(numbered, replace, (error) => explain(numbered, word, error));
  const holes = pieces.length - 1;
  if (parsed.problems.length > 0 && parsed.tree === undefined) {
    return { pieces, holes: [], tree: { constant: null }, problems: parsed.problems };
  }
  if (parsed.tree === undefined || found.size !== holes) return undefined;
  const types = new Map<number, string>();
  const problems = [...parsed.problems];
  checkTree(parsed.tree, parsed.lineOf, problems, types);
  const list: Hole[] = [];
  for (let index = 0; index < holes; index++) {
    const place = found.get(index);
    // A hole for which no type was found stands below an unknown field, which is reported already.
    const type = types.get(index) ?? 'any';
    const isText = /^(?:string|any|quantity|int-or-string)!?$/.test(type);
    if (place !== undefined) list.push({ ...place, type, isText });
  }
  return { pieces, holes: list, tree: foldConstants(parsed.tree), problems };
}

/** Parses and checks one whole manifest. */
export function parseManifest(text: string): {
  readonly object: unknown;
  readonly problems: readonly ManifestProblem[];
  /** The line (from 1) of what is at a path, or of what it would be in. */
  readonly lineOf: (path: Path) => number;
} {
  // Values are in the text by now, those of `.env` too: nothing of it is to be told.
  const parsed = parse(
    text,
    () => undefined,
    ({ message, pos }) => ({ offset: pos[0], message, hint: valueAlone }),
  );
  const { lineOf } = parsed;
  if (parsed.tree === undefined) return { object: undefined, problems: parsed.problems, lineOf };
  const problems = [...parsed.problems];
  checkTree(parsed.tree, parsed.lineOf, problems, new Map());
  return { object: fillTree(parsed.tree, []), problems, lineOf };
}

const valueAlone = 'a value is written with its quotes: write `key: {{name}}`, with nothing around it';

interface Explained {
  readonly offset: number;
  readonly message: string;
  readonly hint: string | undefined;
}

/** @param word of the stand-ins, which are shown as tags */
function explain(numbered: string, word: string, error: YAMLError): Explained {
  const file = new SourceFile('', numbered);
  const { message, hint, location } = explainSyntax(file, error);
  const offset = location?.offset ?? error.pos[0];
  const line = file.line(file.position(error.pos[0]).line);
  if (new RegExp(`["']"${word}\\d+;"|"${word}\\d+;"[^\\s,\\]}]`).test(line))
    return { offset, message: 'something is written around a value', hint: valueAlone };
  const shown = (text: string): string => text.replaceAll(new RegExp(`"${word}\\d+;"`, 'g'), '{{…}}');
  return { offset, message: shown(message), hint: hint && shown(hint) };
}

interface Parsed {
  readonly tree: Tree | undefined;
  readonly problems: ManifestProblem[];
  readonly lineOf: (path: Path) => number;
}

function parse(
  text: string,
  replace: (value: unknown, path: Path, line: number) => Tree | undefined,
  describe: (error: YAMLError) => Explained,
): Parsed {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: false });
  const problems: ManifestProblem[] = [];
  const problem = (offset: number, message: string, hint?: string) =>
    problems.push({ path: [], line: lines.linePos(offset).line, message, hint, syntax: true });
  const [document] = documents;
  if (!Array.isArray(documents) || document === undefined) {
    return {
      tree: undefined,
      problems: [{ path: [], line: 1, message: 'the manifest is empty', syntax: true }],
      lineOf: () => 1,
    };
  }
  // What follows a syntax error is seldom worth reading.
  const error = documents.flatMap((each) => each.errors)[0];
  if (error !== undefined) {
    const { offset, message, hint } = describe(error);
    problem(offset, message, hint);
  }
  if (documents.length > 1) {
    const start = documents[1]?.range[0] ?? 0;
    problem(start, 'a template makes one object, this is a second one', 'move it into a template of its own');
  }
  if (problems.length > 0) return { tree: undefined, problems, lineOf: () => 1 };
  const positions = new Map<string, number>();
  const visit = (node: Node | null, path: Path): Tree => {
    const offset = node?.range?.[0] ?? 0;
    const line = lines.linePos(offset).line;
    positions.set(JSON.stringify(path), line);
    if (isMap(node)) {
      const entries = node.items.map(({ key, value }): readonly [string, Tree] => {
        const name = isScalar(key) ? String(key.value) : String(key);
        const below = [...path, name];
        const tree = visit(value as Node | null, below);
        if (isScalar(key) && key.range)
          positions.set(JSON.stringify(below), lines.linePos(key.range[0]).line);
        return [name, tree];
      });
      return { entries };
    }
    if (isSeq(node)) return { items: node.items.map((each, index) => visit(each as Node, [...path, index])) };
    if (isScalar(node)) return replace(node.value, path, line) ?? { constant: node.value };
    if (node !== null) problem(offset, 'anchors and aliases are not for manifests');
    return { constant: null };
  };
  const tree = visit(document.contents as Node | null, []);
  return {
    tree: problems.length > 0 ? undefined : tree,
    problems,
    lineOf: (path) => {
      for (let length = path.length; length >= 0; length--) {
        const line = positions.get(JSON.stringify(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return 1;
    },
  };
}

/** Checks all but the holes, and notes the type that each hole must have. */
function checkTree(
  tree: Tree,
  lineOf: (path: Path) => number,
  problems: ManifestProblem[],
  types: Map<number, string>,
): void {
  class HoleValue {
    readonly number: number;
    constructor(number: number) {
      this.number = number;
    }
  }
  const count = holeCount(tree);
  const markers = Array.from({ length: count }, (_, index) => new HoleValue(index));
  const object = fillTree(tree, markers);
  const head = object as { apiVersion?: unknown; kind?: unknown } | null;
  const model = typeof object === 'object' && head !== null ? modelOf(head.apiVersion, head.kind) : undefined;
  if (model === undefined) {
    problems.push({
      path: ['kind'],
      line: lineOf(['kind']),
      message: `the manifest is no object that the toolbox knows: apiVersion ${text(head?.apiVersion)}, kind ${text(head?.kind)}`,
      hint: `it makes ${knownKinds.join(', ')}`,
    });
    return;
  }
  checkType(
    object,
    model,
    [],
    (each) => problems.push({ ...each, line: lineOf(each.path) }),
    (value, type) => {
      if (!(value instanceof HoleValue)) return false;
      types.set(value.number, type);
      return true;
    },
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : 'missing';
}

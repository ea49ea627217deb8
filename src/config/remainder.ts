import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { nearestName } from '../diagnostics/nearest-name.ts';
import { fieldsSchema } from '../generated/schemas.js';
import type { PlainValue } from './plain-value.ts';
import type { Path, Tree, TreeNode } from './tree.ts';

type PlainMap = Record<string, PlainValue>;

/**
 * What is left of a file when everything that has an error is taken out: a field alone where only the field
 * is wrong, else the model or dataset that holds it. Later steps look for more problems in it, and whatever
 * they find is there for itself. `undefined` where nothing is left to look at.
 */
export function remainderOf(
  name: 'launch' | 'kube',
  { tree, value }: { readonly tree?: Tree | undefined; readonly value?: PlainValue },
  diagnostics: readonly Diagnostic[],
): PlainValue | undefined {
  if (tree === undefined || !isMap(value)) return undefined;
  // Where aliases repeat a value, a place in the text is not one place in the data.
  if (tree.repeats || diagnostics.some(({ code }) => code === 'CONFIG_MORE')) return undefined;
  const rest = copyOf(value, name === 'launch' ? ['model', 'dataset'] : []);
  for (const { severity, location } of diagnostics) {
    if (severity !== 'error' || location?.file !== tree.file) continue;
    remove(rest, pathAt(tree.root, location.offset));
  }
  return name === 'kube' || hasSomethingToRun(value, rest) ? rest : undefined;
}

function hasSomethingToRun(whole: PlainMap, rest: PlainMap): boolean {
  if (!isMap(rest['model']) || Object.keys(rest['model']).length === 0) return false;
  if (isMap(whole['dataset']) && !(isMap(rest['dataset']) && Object.keys(rest['dataset']).length > 0))
    return false;
  // With a selection gone, more would be checked than is to run.
  return 'run' in whole === 'run' in rest;
}

function remove(rest: PlainMap, [section, name, key]: Path): void {
  if (section === undefined) return;
  const entries = section === 'model' || section === 'dataset' ? ownMap(rest[section]) : undefined;
  if (entries === undefined || name === undefined) {
    delete rest[section];
    return;
  }
  const entry = ownMap(entries[name]);
  if (key !== undefined && entry !== undefined && isNoMoreThanAField(String(key))) delete entry[key];
  else delete entries[name];
}

/** Whether a model can be looked at without this key: not so without its command or hyperparameters. */
function isNoMoreThanAField(key: string): boolean {
  if (Object.hasOwn(fieldsSchema.properties ?? {}, key)) return true;
  return nearestName(key, ['command', 'local_command', 'remote_command', 'hparam']) === undefined;
}

/** The keys from the root to an offset in the text. */
function pathAt(root: TreeNode, offset: number): Path {
  const path: (string | number)[] = [];
  let node: TreeNode | undefined = root;
  while (node?.kind === 'map') {
    const found: readonly [string, { readonly node: TreeNode }] | undefined = [...node.entries].find(
      ([, entry]) => offset >= entry.key.offset && offset <= entry.node.span.offset + entry.node.span.length,
    );
    if (found === undefined) break;
    path.push(found[0]);
    node = found[1].node;
  }
  return path;
}

/** A copy down to the entries of some sections, so that taking out leaves the original whole. */
function copyOf(value: PlainMap, sections: readonly string[]): PlainMap {
  const copy: PlainMap = { ...value };
  for (const section of sections) {
    const entries = copy[section];
    if (!isMap(entries)) continue;
    copy[section] = Object.fromEntries(
      Object.entries(entries).map(([name, entry]) => [name, isMap(entry) ? { ...entry } : entry]),
    );
  }
  return copy;
}

function isMap(value: PlainValue | undefined): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A part of the copy that {@link copyOf} made, and so one that may be changed. */
function ownMap(value: PlainValue | undefined): PlainMap | undefined {
  return isMap(value) ? value : undefined;
}

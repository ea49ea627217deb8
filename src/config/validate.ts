import { type Diagnostic, errorDiagnostic, type Location } from '../diagnostics/diagnostic.ts';
import { nearestName } from '../diagnostics/nearest-name.ts';
import {
  type ValidationError,
  validateKube,
  validateLaunch,
  validatePolicy,
} from '../generated/validators.js';
import { explainError } from './explain-error.ts';
import { type PlainValue, plainValue } from './plain-value.ts';
import { rootPlace, type SchemaName } from './schema-node.ts';
import { locate, nodeAt, type Path, type Tree } from './tree.ts';

const validators = { kube: validateKube, launch: validateLaunch, policy: validatePolicy };

/** A file's content as plain data, and what its schema says against it. */
export interface Validated {
  readonly value: PlainValue;
  readonly diagnostics: readonly Diagnostic[];
}

export function validate(tree: Tree, name: SchemaName): Validated {
  const value = plainValue(tree.root, rootPlace(name));
  const validator = validators[name];
  if (validator(value)) return { value, diagnostics: [] };
  const problems = withoutConsequences(tree, validator.errors ?? []);
  const diagnostics = problems.map(({ error, path, location }, index) =>
    // Words take time, and a file can hold ten thousands of errors. No one reads the later ones.
    index < maxExplained
      ? explainError(tree, name, error, path)
      : errorDiagnostic('CONFIG_BAD_VALUE', 'this does not fit', { location }),
  );
  return { value, diagnostics };
}

const maxExplained = 500;

interface Problem {
  readonly error: ValidationError;
  readonly path: Path;
  readonly location: Location;
}

/** Weightier first: of the errors at one value, the first is told. */
const weights: readonly string[] = ['type', 'enum', 'pattern', 'minLength', 'minItems', 'minProperties'];

/**
 * One error per value, and none that follows from another: a value of the wrong type also breaks the
 * pattern, and a misspelt key is also a missing one.
 */
function withoutConsequences(tree: Tree, errors: readonly ValidationError[]): readonly Problem[] {
  const problems = new Map<string, Problem>();
  for (const error of errors) {
    // The error of the key's own pattern; `propertyNames` tells the same with its place.
    if (error.propertyName !== undefined) continue;
    const path = parsePointer(tree, error.instancePath);
    const key = `${error.instancePath}\n${ofKey(error) ?? ''}`;
    const known = problems.get(key);
    if (known !== undefined && weight(error) >= weight(known.error)) continue;
    problems.set(key, { error, path, location: locate(tree, path) });
  }
  const misspelt = Map.groupBy(
    [...problems.values()].filter(({ error }) => unknownKey(error) !== undefined),
    ({ error }) => error.instancePath,
  );
  const isToldAlready = ({ error }: Problem) =>
    error.keyword === 'required' &&
    misspelt
      .get(error.instancePath)
      ?.some((other) =>
        nearestName(String(unknownKey(other.error)), [String(error.params['missingProperty'])]),
      ) === true;
  return [...problems.values()]
    .filter((problem) => !isToldAlready(problem))
    .sort((one, other) => one.location.offset - other.location.offset);
}

function unknownKey({ params }: ValidationError): unknown {
  return params['additionalProperty'];
}

function ofKey(error: ValidationError): string | undefined {
  const { keyword, params } = error;
  if (keyword === 'required') return `required ${params['missingProperty']}`;
  const key = unknownKey(error) ?? params['propertyName'];
  return key === undefined ? undefined : `key ${key}`;
}

function weight(error: ValidationError): number {
  const index = weights.indexOf(error.keyword);
  return index === -1 ? weights.length : index;
}

function parsePointer(tree: Tree, pointer: string): Path {
  const path: (string | number)[] = [];
  for (const part of pointer.split('/').slice(1)) {
    const step = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(nodeAt(tree.root, path)?.kind === 'list' ? Number(step) : step);
  }
  return path;
}

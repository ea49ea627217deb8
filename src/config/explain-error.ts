import type { DiagnosticCode } from '../diagnostics/codes.ts';
import { type Diagnostic, errorDiagnostic, type Location } from '../diagnostics/diagnostic.ts';
import { hintFor } from '../diagnostics/nearest-name.ts';
import { quoted } from '../diagnostics/quoted.ts';
import type { ValidationError } from '../generated/validators.js';
import type { Complaint } from './complaint.ts';
import { describePath } from './describe-path.ts';
import { explainUnknownKey } from './explain-unknown-key.ts';
import { childPlace, type Place, rootPlace, type SchemaName, typesOf } from './schema-node.ts';
import { locate, nodeAt, type Path, type Tree, type TreeNode } from './tree.ts';

/** An error of a compiled schema in words: one function a keyword. */
export function explainError(tree: Tree, name: SchemaName, error: ValidationError, path: Path): Diagnostic {
  let place: Place | undefined = rootPlace(name);
  for (const step of path) place = place && childPlace(place, step);
  const complaint = { tree, name, error, path, place, node: nodeAt(tree.root, path) };
  const explain = explanations[error.keyword] ?? explainValue;
  return explain(complaint);
}

const explanations: Readonly<Record<string, (complaint: Complaint) => Diagnostic>> = {
  additionalProperties: explainUnknownKey,
  required: explainMissing,
  type: explainType,
  enum: explainEnum,
  propertyNames: explainName,
  minLength: explainEmpty,
  minItems: explainEmpty,
  minProperties: explainEmpty,
};

function explainMissing({ tree, error, path }: Complaint): Diagnostic {
  const key = String(error.params['missingProperty']);
  const { where } = describePath(path, true);
  return complain(
    'CONFIG_MISSING_KEY',
    `${quoted(key)} is missing${where || ` in ${tree.file.path}`}`,
    path.length === 0 ? { file: tree.file, offset: 0, length: 0 } : locate(tree, path, 'key'),
    `add a line "${key}: …"`,
  );
}

function explainType({ tree, path, place, node }: Complaint): Diagnostic {
  const { what, where } = describePath(path);
  const expected = expects(place);
  if (node?.kind === 'scalar' && node.value === null) {
    const hint =
      typesOf(place?.schema ?? {}).includes('string') && node.text !== ''
        ? `remove the line, or write "${node.text}" in quotes to mean the word`
        : `write ${expected} after it, or remove it`;
    return complain('CONFIG_WRONG_TYPE', `${what}${where} has no value`, locate(tree, path), hint);
  }
  const message = `${what}${where} must be ${expected}, but is ${kindOf(node)}`;
  return complain('CONFIG_WRONG_TYPE', message, locate(tree, path, 'value'), typeHint(path, place, node));
}

/** What people often write instead, and what to write. */
function typeHint(path: Path, place: Place | undefined, node: TreeNode | undefined): string | undefined {
  const types = typesOf(place?.schema ?? {});
  if (node?.kind === 'list' && path.length === 0) return 'remove the "- " at the beginning of the lines';
  if (node?.kind === 'list' && types.includes('string') && !types.includes('array'))
    return 'write one text; one of several lines stands below "|"';
  if (node?.kind !== 'scalar') return undefined;
  const wantsNumber = types.includes('number') || types.includes('integer');
  if (wantsNumber && /^\s*[\d.]+\s*(gi?b?|gib)\s*$/i.test(node.text)) {
    return `write ${Number.parseFloat(node.text)}: the unit is GiB`;
  }
  if (typeof node.value === 'number')
    return wantsNumber ? `write ${Math.floor(node.value)} or ${Math.ceil(node.value)}` : undefined;
  if (wantsNumber && /^\d+(\.\d+)?$/.test(node.text)) return 'remove the quotes';
  if (wantsNumber && /<[\w.-]+>/.test(node.text)) {
    return `a hyperparameter called ${quoted(String(path.at(-1)))} sets this field by itself`;
  }
  if (types.includes('boolean')) return 'write true or false';
  // "command:echo hi" and "command echo hi" are texts to YAML.
  const [, key = '', value] = /^([\w-]+)(?:\s*:|\s)\s*(\S.*)/.exec(node.text.slice(0, 200)) ?? [];
  if (types.includes('object') && Object.hasOwn(place?.schema.properties ?? {}, key)) {
    return `write ${quoted(`${key}: ${value}`)}, with a ":" and a space`;
  }
  return undefined;
}

function explainEnum({ tree, path, error, node }: Complaint): Diagnostic {
  const { what, where } = describePath(path);
  const choices = error.params['allowedValues'] as readonly string[];
  const text = node?.kind === 'scalar' ? node.text : '';
  return complain(
    'CONFIG_BAD_VALUE',
    `${what}${where} cannot be ${quoted(text)}`,
    locate(tree, path),
    hintFor(text, choices) ?? `it is one of ${choices.join(', ')}`,
  );
}

function explainName({ tree, path, error, place }: Complaint): Diagnostic {
  const key = String(error.params['propertyName']);
  const { where } = describePath(path, true);
  return complain(
    'CONFIG_BAD_NAME',
    `${quoted(key)}${where} cannot name ${place?.schema['x-key'] ?? 'anything'}`,
    locate(tree, [...path, key], 'key'),
    place?.schema['x-key-expects'] ?? 'choose another name',
  );
}

function explainEmpty({ tree, path, place }: Complaint): Diagnostic {
  const { what, where } = describePath(path);
  return complain(
    'CONFIG_BAD_VALUE',
    `${what}${where} is empty`,
    locate(tree, path),
    `write ${expects(place)}, or remove it`,
  );
}

function explainValue({ tree, path, place, node }: Complaint): Diagnostic {
  const { what, where } = describePath(path);
  return complain(
    'CONFIG_BAD_VALUE',
    `${what}${where} must be ${expects(place)}, but is ${node?.kind === 'scalar' ? quoted(node.text) : kindOf(node)}`,
    locate(tree, path),
  );
}

function complain(code: DiagnosticCode, message: string, location: Location, hint?: string): Diagnostic {
  return errorDiagnostic(code, message, { location, hint });
}

function expects(place: Place | undefined): string {
  const words = place?.schema['x-expects'];
  if (words !== undefined) return words;
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    object: 'a mapping',
    array: 'a list',
  };
  const types = typesOf(place?.schema ?? {}).flatMap((type) => names[type] ?? []);
  return types.join(' or ') || 'something else';
}

function kindOf(node: TreeNode | undefined): string {
  if (node === undefined) return 'missing';
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a mapping';
  return typeof node.value === 'string' ? `the text ${quoted(node.text)}` : quoted(node.text);
}

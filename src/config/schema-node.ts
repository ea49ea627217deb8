import {
  fieldsSchema,
  kubeSchema,
  launchSchema,
  policySchema,
  type SchemaNode,
} from '../generated/schemas.js';

const documents: Readonly<Record<string, SchemaNode>> = {
  'fields.schema.json': fieldsSchema,
  'kube.schema.json': kubeSchema,
  'launch.schema.json': launchSchema,
  'policy.schema.json': policySchema,
};

/** The kinds of file that have a schema of their own. */
export type SchemaName = 'kube' | 'launch' | 'policy';

/** A node of a schema whose references are resolved one step at a time, as it is walked. */
export interface Place {
  readonly schema: SchemaNode;
  /** The file that `#/…` references in it mean. */
  readonly document: string;
}

export function rootPlace(name: 'fields' | SchemaName): Place {
  const document = `${name}.schema.json`;
  return resolve({}, { $ref: `${document}#` }, document);
}

/** What the schema says of one key of a mapping, or of the items of a list; `undefined` for an unknown key. */
export function childPlace(place: Place, step: string | number): Place | undefined {
  const { properties, additionalProperties, items } = place.schema;
  if (typeof step === 'number') return items && resolve({}, items, place.document);
  const own = properties !== undefined && Object.hasOwn(properties, step) ? properties[step] : undefined;
  const child = own ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
  return child && resolve({}, child, place.document);
}

/** The types that fit a place: `string`, `number`, `integer`, `boolean`, `object`, `array`, `null`. */
export function typesOf(schema: SchemaNode): readonly string[] {
  const { type } = schema;
  return type === undefined ? [] : typeof type === 'string' ? [type] : type;
}

/** Follows `$ref`; keywords written beside it win over those of what it names. */
function resolve(beside: SchemaNode, schema: SchemaNode, document: string): Place {
  const { $ref, ...own } = schema;
  const merged = { ...own, ...beside };
  if ($ref === undefined) return { schema: merged, document };
  const [file = '', pointer = ''] = $ref.split('#');
  const target = file === '' ? document : file;
  let found: unknown = documents[target];
  for (const part of pointer.split('/').slice(1)) found = (found as Record<string, unknown>)[part];
  return resolve(merged, found as SchemaNode, target);
}

import { readFileSync } from 'node:fs';

/** As much of JSON Schema as our schemas use. */
export interface Schema {
  $schema?: string;
  $ref?: string;
  $id?: string;
  $comment?: string;
  title?: string;
  description?: string;
  type?: string | string[];
  enum?: string[];
  default?: unknown;
  examples?: unknown[];
  deprecated?: boolean;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  propertyNames?: Schema;
  items?: Schema;
  definitions?: Record<string, Schema>;
  tsType?: string;
  'x-group'?: string;
  'x-text'?: boolean;
  [keyword: string]: unknown;
}

const schemaNames = ['fields', 'kube', 'launch', 'policy'] as const;
export type SchemaName = (typeof schemaNames)[number];

/** Marks objects that take every field of fields.schema.json besides their own. */
export const takesFields = 'and all overridable fields';

export function schemaPath(name: SchemaName): string {
  return `schemas/${name}.schema.json`;
}

/**
 * A schema as it is on disk, but with its lists of overridable fields complete and in the order of
 * fields.schema.json. The lists are written out because editors know no other way to refuse a misspelt key.
 */
export function readSchema(name: SchemaName): Schema {
  const schema = parse(name);
  if (name !== 'fields') completeFields(schema, Object.keys(parse('fields').properties ?? {}));
  return schema;
}

function parse(name: SchemaName): Schema {
  return JSON.parse(readFileSync(schemaPath(name), 'utf8'));
}

function completeFields(schema: Schema, fields: readonly string[]): void {
  for (const child of children(schema)) completeFields(child, fields);
  if (schema.$comment !== takesFields) return;
  const own = Object.entries(schema.properties ?? {}).filter(([, each]) => !isFieldReference(each));
  const rest = fields.map((name): [string, Schema] => [
    name,
    { $ref: `fields.schema.json#/properties/${name}` },
  ]);
  schema.properties = Object.fromEntries([...own, ...rest]);
}

/** Whether a property is one of the overridable fields, listed by {@link readSchema}. */
export function isFieldReference(schema: Schema): boolean {
  return schema.$ref?.startsWith('fields.schema.json#/properties/') === true;
}

export function children(schema: Schema): Schema[] {
  const { properties, additionalProperties, propertyNames, items, definitions } = schema;
  return [
    ...Object.values(properties ?? {}),
    ...Object.values(definitions ?? {}),
    ...[additionalProperties, propertyNames, items].filter((each) => typeof each === 'object'),
  ];
}

/**
 * A copy without references: each is replaced by what it names, under the keywords written beside it.
 * Our schemas do not refer to themselves.
 */
export function dereference(
  schema: Schema,
  document: SchemaName,
  read: (name: SchemaName) => Schema = readSchema,
): Schema {
  const { $ref, ...beside } = schema;
  if ($ref !== undefined) {
    const [file = '', pointer = ''] = $ref.split('#');
    const target = file === '' ? document : (file.replace('.schema.json', '') as SchemaName);
    let found: unknown = read(target);
    for (const part of pointer.split('/').slice(1)) found = (found as Record<string, unknown>)[part];
    if (found === undefined) throw new Error(`${schemaPath(document)}: nothing at ${$ref}`);
    return { ...dereference(found as Schema, target, read), ...beside };
  }
  const map = (each: Record<string, Schema>) =>
    Object.fromEntries(
      Object.entries(each).map(([name, value]) => [name, dereference(value, document, read)]),
    );
  const { properties, additionalProperties, propertyNames, items, definitions: _, ...rest } = schema;
  return {
    ...rest,
    ...(properties && { properties: map(properties) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'boolean'
          ? additionalProperties
          : dereference(additionalProperties, document, read),
    }),
    ...(propertyNames && { propertyNames: dereference(propertyNames, document, read) }),
    ...(items && { items: dereference(items, document, read) }),
  };
}

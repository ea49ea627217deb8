import { compile, type JSONSchema } from 'json-schema-to-typescript';
import type { GeneratedFile } from './generated-file.ts';
import {
  children,
  dereference,
  isFieldReference,
  readSchema,
  type Schema,
  type SchemaName,
  takesFields,
} from './schema.ts';

const banner = '// Generated from schemas/ by scripts/generate.ts. Change the schema, then: npm run generate';

/** The types of the written files, and the defaults that stand in the schemas. */
export async function generateTypes(): Promise<GeneratedFile[]> {
  return [
    await typesFile('fields', 'src/config/written-fields.ts'),
    await typesFile('kube', 'src/config/written-kube.ts'),
    await typesFile('launch', 'src/config/written-launch.ts'),
    await typesFile('policy', 'src/config/written-policy.ts'),
    defaultsFile(),
  ];
}

async function typesFile(name: SchemaName, path: string): Promise<GeneratedFile> {
  const schema = withMark(name);
  const whole = dereference(schema, name, withMark);
  asTyped(whole);
  const body = await compile(whole as JSONSchema, schema.title ?? name, {
    bannerComment: '',
    ignoreMinAndMaxItems: true,
    unknownAny: true,
    style: { singleQuote: true, printWidth: 110, bracketSpacing: true, trailingComma: 'all' },
  });
  const text = body
    .replace(/^(export interface \w+) \{\n +__fields: true;\n/m, '$1 extends WrittenFields {\n')
    .replaceAll(/\{\n +__fields: true;\n/g, 'WrittenFields & {\n');
  const head = name === 'fields' ? '' : "import type { WrittenFields } from './written-fields.ts';\n\n";
  return { path, committed: true, text: `${banner}\n\n${head}${text.trim()}\n` };
}

/** The schema with a mark in place of the overridable fields, where the type is to extend WrittenFields. */
function withMark(name: SchemaName): Schema {
  const schema = readSchema(name);
  mark(schema);
  return schema;
}

function mark(schema: Schema): void {
  for (const child of children(schema)) mark(child);
  if (schema.$comment !== takesFields) return;
  const own = Object.entries(schema.properties ?? {}).filter(([, each]) => !isFieldReference(each));
  schema.properties = { __fields: { tsType: 'true' }, ...Object.fromEntries(own) };
  schema.required = ['__fields', ...(schema.required ?? [])];
}

/** What is text however it was written has the type `string`; nothing inside gets a name of its own. */
function asTyped(schema: Schema, root = true): void {
  if (!root) delete schema.title;
  if (schema['x-text'] === true) {
    const types = [schema.type ?? []].flat().filter((type) => type !== 'number' && type !== 'boolean');
    schema.type = types.length === 1 ? (types[0] ?? 'string') : types;
  }
  delete schema.examples;
  delete schema['patternProperties'];
  for (const child of children(schema)) asTyped(child, false);
}

function defaultsFile(): GeneratedFile {
  const defaults = Object.entries(readSchema('fields').properties ?? {}).flatMap(([name, field]) =>
    field.default === undefined ? [] : [`  ${name}: ${literal(field.default)},`],
  );
  const text = `${banner}

import type { WrittenFields } from './written-fields.ts';

/** Built-in defaults, the lowest layer. Fields whose default depends on others are not here. */
export const fieldDefaults = {
${defaults.join('\n')}
} as const satisfies WrittenFields;
`;
  return { path: 'src/config/written-defaults.ts', committed: true, text };
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll(/[\\']/g, '\\$&')}'` : JSON.stringify(value);
}

import path from 'node:path';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { rolldown } from 'rolldown';
import type { GeneratedFile } from './generated-file.ts';
import { children, isFieldReference, readSchema, type Schema, type SchemaName } from './schema.ts';

const folder = 'src/generated';

/**
 * Validators as plain code, so that ajv is not loaded at run time, and the schemas without their prose,
 * which messages are made from.
 */
export async function generateValidators(): Promise<GeneratedFile[]> {
  const fields = withoutProse('fields');
  const kube = withoutProse('kube');
  const launch = withoutProse('launch');
  const policy = withoutProse('policy');
  // Without its type: a dataset may also be null.
  const { additionalProperties: _, type: __, ...openFields } = outlined(fields);
  const ajv = new Ajv({
    schemas: [
      { $id: 'fields.schema.json', ...openFields },
      { $id: 'kube.schema.json', ...compact(kube) },
      { $id: 'launch.schema.json', ...compact(launch) },
      { $id: 'policy.schema.json', ...compact(policy) },
    ],
    allErrors: true,
    allowUnionTypes: true,
    strictTypes: false,
    inlineRefs: false,
    keywords: ['x-text', 'x-expects', 'x-key', 'x-key-expects'],
    code: { source: true, esm: true },
  });
  const code = standalone.default(ajv, {
    validateFields: 'fields.schema.json',
    validateKube: 'kube.schema.json',
    validateLaunch: 'launch.schema.json',
    validatePolicy: 'policy.schema.json',
  });
  const schemas = Object.entries({
    fieldsSchema: fields,
    kubeSchema: kube,
    launchSchema: launch,
    policySchema: policy,
  })
    .map(([name, schema]) => `export const ${name} = ${JSON.stringify(schema)};\n`)
    .join('');
  return [
    { path: `${folder}/validators.js`, text: await selfContained(code), committed: false },
    { path: `${folder}/schemas.js`, text: schemas, committed: false },
  ];
}

/**
 * Refers to all overridable fields at once where the published schema has to list them, so that the code of
 * their checks is there once and not four times. Their names stay listed: `unevaluatedProperties` would not
 * need them, but ajv's code for it takes `toString` and the like for known keys.
 */
function compact(schema: Schema): Schema {
  const copy = structuredClone(schema);
  const visit = (each: Schema) => {
    for (const child of children(each)) visit(child);
    const all = Object.entries(each.properties ?? {});
    if (!all.some(([, property]) => isFieldReference(property))) return;
    each.properties = Object.fromEntries(
      all.map(([key, property]) => [key, isFieldReference(property) ? {} : property]),
    );
    each['allOf'] = [{ $ref: 'fields.schema.json' }];
  };
  visit(copy);
  return copy;
}

/** Each property's check as a function of its own: those of the fields that nobody sets are never compiled. */
function outlined(schema: Schema): Schema {
  const properties = Object.entries(schema.properties ?? {});
  return {
    ...schema,
    properties: Object.fromEntries(
      properties.map(([name]) => [name, { $ref: `#/definitions/property-${name}` }]),
    ),
    definitions: {
      ...schema.definitions,
      ...Object.fromEntries(properties.map(([name, property]) => [`property-${name}`, property])),
    },
  };
}

/** Pulls in the few small functions of ajv that the code calls by name. */
async function selfContained(code: string): Promise<string> {
  const input = 'validators';
  const bundle = await rolldown({
    input,
    platform: 'node',
    transform: { target: 'node22' },
    plugins: [
      {
        name: 'code-in-memory',
        resolveId: (id) => (id === input ? path.resolve(input) : null),
        load: (id) => (id === path.resolve(input) ? code : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  return output[0].code;
}

function withoutProse(name: SchemaName): Schema {
  const schema = readSchema(name);
  const strip = (each: Schema) => {
    for (const word of ['$schema', '$comment', 'title', 'description', 'examples', 'default', 'x-group'])
      delete each[word];
    if (each['patternProperties'] !== undefined) each['patternProperties'] = { '^x-': {} };
    for (const child of children(each)) strip(child);
  };
  strip(schema);
  return schema;
}

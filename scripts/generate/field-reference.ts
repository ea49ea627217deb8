import { readFileSync } from 'node:fs';
import type { Generator } from './generated-file.ts';

interface Field {
  readonly 'x-group'?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
}

const read = (name: string) =>
  JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8')) as {
    readonly properties: Readonly<Record<string, Field & { readonly $ref?: string }>>;
  };

/** docs/fields.md: every field of both config files, from the schemas. */
export const generateFieldReference: Generator = async () => {
  const shared = Object.entries(read('fields').properties);
  const own = (name: 'launch' | 'kube') =>
    Object.entries(read(name).properties).filter(([, field]) => field.$ref === undefined);
  const groups = Map.groupBy(shared, ([, field]) => field['x-group'] ?? 'Other');
  const parts = [
    '# Fields',
    '',
    'Made by `npm run generate` from `schemas/`. Your editor shows the same while you type, where the file starts with the',
    'line that `make init` writes.',
    ...section('Only in config/launch.yaml', own('launch')),
    ...section('Only in config/kube.yaml, or for the whole project', own('kube')),
    '',
    '## Anywhere',
    '',
    'These may be set in `kube.yaml`, at the root of `launch.yaml`, in a dataset, in a model, and by a hyperparameter of the',
    'same name; the last of these wins.',
    ...[...groups].flatMap(([group, fields]) => section(group, fields, '###')),
  ];
  return [{ path: 'docs/fields.md', text: `${parts.join('\n')}\n`, committed: true }];
};

function section(
  title: string,
  fields: readonly (readonly [string, Field])[],
  mark = '##',
): readonly string[] {
  return [
    '',
    `${mark} ${title}`,
    '',
    ...fields.map(([name, field]) => `- \`${name}\`: ${describe(name, field)}`),
  ];
}

function describe(name: string, field: Field): string {
  const parts = [field.description ?? ''];
  if (field.enum !== undefined)
    parts.push(`One of ${field.enum.map((value) => `\`${String(value)}\``).join(', ')}.`);
  if (field.default !== undefined && field.default !== null)
    parts.push(`Default: \`${JSON.stringify(field.default)}\`.`);
  const example = field.examples?.[0];
  if (example !== undefined && example !== null)
    parts.push(`Example: \`${name}: ${JSON.stringify(example)}\`.`);
  return parts.join(' ').replaceAll(/\s+/g, ' ');
}

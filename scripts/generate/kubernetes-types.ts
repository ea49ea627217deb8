// The Kubernetes types that manifests are checked against, taken from the models of @kubernetes/client-node:
// each field's type and whether it is required, for the kinds we render and all they are made of.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { GeneratedFile } from './generated-file.ts';

const roots = ['V1Job', 'V1Pod', 'V1Secret', 'V1ConfigMap', 'V1Service'];

/** Quantities are strings in the models; the server takes numbers there too. */
const quantityFields = new Set([
  'V1ResourceRequirements.limits',
  'V1ResourceRequirements.requests',
  'V1VolumeResourceRequirements.limits',
  'V1VolumeResourceRequirements.requests',
  'V1EmptyDirVolumeSource.sizeLimit',
  'V1ResourceFieldSelector.divisor',
]);

interface Attribute {
  readonly name: string;
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

/** The table as a module; its declaration beside it is committed. */
export async function generateKubernetesTypes(): Promise<GeneratedFile[]> {
  const models = join(
    dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')),
    'gen',
    'models',
  );
  const table: Record<string, Record<string, string>> = {};
  const pending = [...roots];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (table[name] !== undefined) continue;
    const fields: Record<string, string> = {};
    table[name] = fields;
    const model = ((await import(join(models, `${name}.js`))) as Record<string, unknown>)[name] as {
      attributeTypeMap: readonly Attribute[];
    };
    const declaration = readFileSync(join(models, `${name}.d.ts`), 'utf8');
    for (const attribute of model.attributeTypeMap) {
      const type = compactType(name, attribute);
      const required = declaration.includes(`'${attribute.name}': `);
      fields[attribute.baseName] = required ? `${type}!` : type;
      const reference = /\w*V1\w+/.exec(type)?.[0];
      if (reference !== undefined) pending.push(reference);
    }
  }
  const sorted = Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)));
  const text = `export const kubernetesTypes = ${JSON.stringify(sorted)};\n`;
  return [{ path: 'src/generated/kubernetes-types.js', text, committed: false }];
}

/** `Array<V1Container>` → `[]V1Container`, `{ [key: string]: string; }` → `{}string`. */
function compactType(model: string, { baseName, type, format }: Attribute): string {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return `[]${compactType(model, { name: '', baseName: '', type: list, format })}`;
  const mapping = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (quantityFields.has(`${model}.${baseName}`)) return mapping === undefined ? 'quantity' : '{}quantity';
  if (mapping !== undefined)
    return `{}${compactType(model, { name: '', baseName: '', type: mapping, format })}`;
  if (type === 'number') return format.startsWith('int') ? 'int' : 'number';
  if (type === 'IntOrString') return 'int-or-string';
  if (type === 'Date' || type === 'V1MicroTime') return 'string';
  return type;
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { GeneratedFile } from './generated-file.ts';
import { readSchema, schemaPath } from './schema.ts';

/** The lists of overridable fields in kube.schema.json and launch.schema.json; see {@link readSchema}. */
export async function generateSchemas(): Promise<GeneratedFile[]> {
  return (['kube', 'launch', 'policy'] as const).map((name) => {
    const path = schemaPath(name);
    const schema = readSchema(name);
    const now = readFileSync(path, 'utf8');
    const same = isDeepStrictEqual(ordered(JSON.parse(now)), ordered(schema));
    return { path, committed: true, text: same ? now : formatted(path, schema) };
  });
}

function ordered(value: unknown): unknown {
  return JSON.stringify(value);
}

function formatted(path: string, schema: unknown): string {
  const biome = 'node_modules/@biomejs/biome/bin/biome';
  return execFileSync(process.execPath, [biome, 'format', `--stdin-file-path=${path}`], {
    input: JSON.stringify(schema),
    encoding: 'utf8',
  });
}

// Makes everything that is made from something else.
//   node scripts/generate.ts          writes all of it
//   node scripts/generate.ts --build  writes what is not committed (the build does this)
//   node scripts/generate.ts --check  writes nothing, and fails where a committed file is out of date
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generateCommandReference } from './generate/command-reference.ts';
import { generateErrorReference } from './generate/error-reference.ts';
import { generateFieldReference } from './generate/field-reference.ts';
import type { Generator } from './generate/generated-file.ts';
import { generateKubernetesTypes } from './generate/kubernetes-types.ts';
import { generateMakeTargets } from './generate/make-targets.ts';
import { generatePodScripts } from './generate/pod-scripts.ts';
import { generateSchemas } from './generate/schemas.ts';
import { generateTemplates } from './generate/templates.ts';
import { generateTypes } from './generate/types.ts';
import { generateValidators } from './generate/validators.ts';

/** Committed, because people and editors read them; the build reads them too. */
const sources: readonly Generator[] = [generateSchemas, generateTypes];
/** Made by every build and git-ignored. */
const ignored: readonly Generator[] = [
  generateValidators,
  generateKubernetesTypes,
  generatePodScripts,
  generateTemplates,
];
/** Committed, and written with the commands loaded: after all that these import. */
const references: readonly Generator[] = [
  generateMakeTargets,
  generateCommandReference,
  generateErrorReference,
  generateFieldReference,
];

const mode = process.argv[2];
const stale: string[] = [];
for (const generate of mode === '--build'
  ? ignored
  : mode === '--check'
    ? [...sources, ...references]
    : [...sources, ...ignored, ...references]) {
  for (const { path, text } of await generate()) {
    if (readOrEmpty(path) === text) continue;
    stale.push(path);
    if (mode === '--check') continue;
    mkdirSync(dirname(path), { recursive: true });
    // Whole or not at all: another build may be reading it.
    const whole = `${path}.${process.pid}.tmp`;
    writeFileSync(whole, text);
    renameSync(whole, path);
  }
}
if (mode === '--check' && stale.length > 0) {
  process.stderr.write(`out of date: ${stale.join(', ')}\n  type: npm run generate\n`);
  process.exitCode = 1;
}

function readOrEmpty(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

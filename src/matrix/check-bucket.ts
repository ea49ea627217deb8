import type { Config } from '../config/config.ts';
import { type Diagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';

const variable = 'S3_BUCKET_NAME';

/**
 * Warns of `data` and `outputs` where nothing that a pod is given names a bucket: it would wait for its GPU, and then
 * fail. A policy may know buckets of its own, so nothing is said where there is one.
 */
export function checkBucket(config: Config): Diagnostic[] {
  const layers = [
    config.kube,
    config.root,
    ...[...config.models, ...config.datasets].map((each) => each.fields),
  ];
  if (
    config.project.user === undefined ||
    config.project.policy !== undefined ||
    config.dotenv.variables.has(variable) ||
    layers.some(({ env }) => Object.hasOwn(env ?? {}, variable))
  )
    return [];
  const field = (['data', 'outputs'] as const).find((each) => layers.some((layer) => layer[each]?.length));
  if (field === undefined) return [];
  return [
    warningDiagnostic(
      'CONTAINER_NO_BUCKET',
      `there is \`${field}\`, and ${variable} is not in .env: pods know no bucket`,
      {
        location: config.locate(config.kube[field]?.length ? 'kube' : 'launch', [field], 'key'),
        hint: `write ${variable}=my-bucket and the other settings into .env (docs/data.md)`,
      },
    ),
  ];
}

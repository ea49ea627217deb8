import { parseDotEnv } from '../../config/dotenv.ts';
import { loadSources } from '../../config/load.ts';
import type { Context } from '../../context.ts';
import { openBucket } from '../../open-bucket.ts';
import { type Check, type Finding, ok } from './check.ts';

export const bucketChecks: readonly Check[] = [{ topic: 'Bucket', name: 'bucket', run: checkBucket }];

/** Looks for a key that nobody has: an answer tells that address, credentials and the right to list are good. */
async function checkBucket(context: Context): Promise<readonly Finding[]> {
  const { dotenv } = parseDotEnv((await loadSources(context)).dotenv);
  const isSet = (name: string): boolean => Boolean(context.env[name] ?? dotenv.variables.get(name));
  if (!['S3_BUCKET_NAME', 'S3_ENDPOINT_URL'].some(isSet)) return [];
  const { store, settings } = await openBucket(context);
  try {
    for await (const _ of store.list({ prefix: 'kube-toolbox-doctor/', signal: context.signal })) break;
    const how = settings.credentials === 'none' ? ', without credentials' : '';
    return [ok(`${store.name} can be listed${how}`)];
  } finally {
    store.close();
  }
}

import type { ObjectStore } from './object-store.ts';
import type { Clock } from './retry.ts';
import { S3Client } from './s3-client.ts';
import type { S3Settings } from './s3-settings.ts';
import { S3Store } from './s3-store.ts';

/** Opens a bucket. The AWS SDK loads only where a profile or role has to be looked up. */
export async function openS3Store(
  settings: S3Settings,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  onWait?: (line: string) => void,
): Promise<ObjectStore> {
  const { credentials } = settings;
  if (credentials !== 'chain') {
    const own = credentials === 'none' ? undefined : credentials;
    return new S3Store(new S3Client(settings, own, { clock, env, onWait }));
  }
  const renew = (await import('./credential-chain.ts')).credentialChain(settings);
  return new S3Store(new S3Client(settings, await renew(), { clock, env, renew, onWait }));
}

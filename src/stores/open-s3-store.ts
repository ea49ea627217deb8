import type { ObjectStore } from './object-store.ts';
import type { Clock } from './retry.ts';
import { S3Client } from './s3-client.ts';
import type { S3Settings } from './s3-settings.ts';
import { S3Store } from './s3-store.ts';
import type { Credentials } from './sigv4.ts';

/** Opens a bucket. The AWS SDK loads only where a profile or role has to be looked up. */
export async function openS3Store(
  settings: S3Settings,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<ObjectStore> {
  return new S3Store(new S3Client(settings, await resolveCredentials(settings), { clock, env }));
}

async function resolveCredentials(settings: S3Settings): Promise<Credentials | undefined> {
  if (settings.credentials === 'none') return undefined;
  if (settings.credentials !== 'chain') return settings.credentials;
  const { findCredentials } = await import('./credential-chain.ts');
  return await findCredentials(settings);
}

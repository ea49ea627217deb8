import { fileURLToPath } from 'node:url';
import type { ObjectStore } from './object-store.ts';
import type { Clock } from './retry.ts';
import type { S3Settings } from './s3-settings.ts';
import type { Credentials } from './sigv4.ts';
import { systemClock } from './system-clock.ts';

/** Opens the store that the settings mean. The AWS SDK loads only where a profile or role has to be looked up. */
export async function openStore(
  settings: S3Settings,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock = systemClock,
): Promise<ObjectStore> {
  if (settings.endpoint.protocol === 'file:') {
    const { FilesystemStore } = await import('./filesystem-store.ts');
    const { join } = await import('node:path');
    return new FilesystemStore(join(fileURLToPath(settings.endpoint), settings.bucket));
  }
  const [{ S3Client }, { S3Store }] = await Promise.all([import('./s3-client.ts'), import('./s3-store.ts')]);
  return new S3Store(new S3Client(settings, await resolveCredentials(settings), { clock, env }));
}

async function resolveCredentials(settings: S3Settings): Promise<Credentials | undefined> {
  if (settings.credentials === 'none') return undefined;
  if (settings.credentials !== 'chain') return settings.credentials;
  const { findCredentials } = await import('./credential-chain.ts');
  return await findCredentials(settings);
}

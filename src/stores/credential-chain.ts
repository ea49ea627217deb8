import { S3Client } from '@aws-sdk/client-s3';
import type { S3Settings } from './s3-settings.ts';
import type { Credentials } from './sigv4.ts';
import { StoreError } from './store-error.ts';

/**
 * Profiles, single sign-on, web identities and container roles, by the rules of the AWS SDK, which keeps what it has
 * found and asks again a few minutes before it expires.
 */
export function credentialChain(settings: S3Settings): () => Promise<Credentials> {
  const { profile, region } = settings;
  const sdk = new S3Client({ region, ...(profile !== undefined && { profile }) });
  return async () => {
    try {
      return await sdk.config.credentials();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const where =
        profile === undefined
          ? 'the role of this machine'
          : `profile "${profile}" (AWS_PROFILE ${settings.origin('AWS_PROFILE')})`;
      throw new StoreError('settings', 'S3_CREDENTIALS', `no credentials from ${where}: ${why}`, {
        cause: error,
      });
    }
  };
}

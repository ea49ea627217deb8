import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ObjectStore } from './object-store.ts';
import { obeysProxies, proxyVariables } from './proxy-support.ts';
import type { Clock } from './retry.ts';
import { S3Client } from './s3-client.ts';
import type { S3Settings } from './s3-settings.ts';
import { S3Store } from './s3-store.ts';
import { StoreError } from './store-error.ts';

/** Opens a bucket. The AWS SDK loads only where a profile or role has to be looked up. */
export async function openS3Store(
  settings: S3Settings,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  onWait?: (line: string) => void,
): Promise<ObjectStore> {
  const { credentials } = settings;
  const ca = settings.endpoint.protocol === 'https:' ? readAuthorities(settings) : undefined;
  const proxy = proxyVariables.find((name) => env[name]);
  if (proxy !== undefined && !obeysProxies(process.versions.node))
    onWait?.(`${proxy} is not obeyed by Node ${process.versions.node}; 22.21, 24.5 and later do`);
  if (credentials !== 'chain') {
    const own = credentials === 'none' ? undefined : credentials;
    return new S3Store(new S3Client(settings, own, { clock, env, ca, onWait }));
  }
  const renew = (await import('./credential-chain.ts')).credentialChain(settings);
  return new S3Store(new S3Client(settings, await renew(), { clock, env, ca, renew, onWait }));
}

/** @throws StoreError (exit 2) where there is no such file, or no certificate in it */
function readAuthorities({ caBundle, origin }: S3Settings): string | undefined {
  if (caBundle === undefined) return undefined;
  const fail = (why: string, cause: unknown): never => {
    const message = `AWS_CA_BUNDLE (${origin('AWS_CA_BUNDLE')}) ${why}: "${caBundle}"`;
    const hint = 'give the whole path of a PEM file, as it is on this machine or in this image';
    throw new StoreError('settings', 'S3_SETTING_INVALID', message, { hint, cause, exitCode: 2 });
  };
  let text: string;
  try {
    text = readFileSync(caBundle, 'utf8');
  } catch (error) {
    return fail('is a file that cannot be read', error);
  }
  try {
    new X509Certificate(text);
  } catch (error) {
    return fail('is a file without a certificate', error);
  }
  return text;
}

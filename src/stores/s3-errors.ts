import type { S3Settings } from './s3-settings.ts';
import { BrokenXml, childText, parseXml } from './s3-xml.ts';
import { StoreError } from './store-error.ts';

/** What a server said no with. */
export interface S3Refusal {
  readonly status: number;
  /** As in the answer's `<Code>`; empty where the answer has none, as for HEAD. */
  readonly code: string;
  readonly message: string;
  /** Of the bucket, where the server tells. */
  readonly region: string | undefined;
  /** Where it would send us instead. */
  readonly location: string | undefined;
}

export interface Asked {
  readonly method: string;
  readonly key?: string;
}

/** Reads the answer to a request that failed. A body that is no XML is no reason to fail again. */
export function parseRefusal(
  status: number,
  text: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): S3Refusal {
  const header = (name: string) => (typeof headers[name] === 'string' ? headers[name] : undefined);
  let [code, message, region] = ['', '', header('x-amz-bucket-region')];
  try {
    const error = parseXml(text);
    code = childText(error, 'Code') ?? '';
    message = childText(error, 'Message') ?? '';
    region ??= childText(error, 'Region');
  } catch (problem) {
    if (!(problem instanceof BrokenXml)) throw problem;
  }
  return { status, code, message, region, location: header('location') };
}

/** Names the setting at fault and where it came from, and never its value where that is a secret. */
export function explainRefusal(refusal: S3Refusal, asked: Asked, settings: S3Settings): StoreError {
  const { status, code } = refusal;
  const where = `at ${settings.endpoint.origin}`;
  const setting = (name: string) => `${name} (${settings.origin(name)})`;
  const said = [code, refusal.message].filter((text) => text !== '').join(': ') || `HTTP ${status}`;
  const what = asked.key === undefined ? `bucket "${settings.bucket}"` : `"${asked.key}"`;

  // A path in the address makes a key of the bucket's name: then it is a key that is missing.
  if (code === 'NoSuchBucket' || (status === 404 && asked.key === undefined))
    return noBucket(refusal, asked, settings);
  if (code === 'InvalidAccessKeyId')
    return credentials(`the server ${where} does not know ${setting('AWS_ACCESS_KEY_ID')}`);
  if (code === 'SignatureDoesNotMatch')
    return credentials(
      `the server ${where} does not accept signatures made with ${setting('AWS_SECRET_ACCESS_KEY')}`,
    );
  if (code === 'ExpiredToken' || code === 'InvalidToken' || code === 'TokenRefreshRequired')
    return credentials(`the server ${where} refuses ${setting('AWS_SESSION_TOKEN')}: ${said}`);
  if (code === 'AuthorizationHeaderMalformed' && refusal.region !== undefined)
    return new StoreError(
      'settings',
      'S3_REGION',
      `the bucket is in ${refusal.region}, not in ${settings.region}: ${setting('AWS_REGION')}`,
      {
        hint: `set AWS_REGION=${refusal.region}`,
      },
    );
  if (code === 'AuthorizationHeaderMalformed')
    return credentials(
      `the server ${where} refuses ${setting('AWS_ACCESS_KEY_ID')} with region ${settings.region}, ${setting('AWS_REGION')}: ${said}`,
    );
  if (code === 'RequestTimeTooSkewed')
    return new StoreError(
      'settings',
      'S3_CLOCK',
      `the server ${where} refuses our time, even after taking over its own`,
      {
        hint: "set this machine's clock",
      },
    );
  if (status >= 300 && status < 400)
    return new StoreError(
      'settings',
      'S3_REDIRECTED',
      `the server ${where} sends us to ${refusal.location ?? 'another one'}: ${setting('S3_ENDPOINT_URL')}`,
      {
        hint:
          refusal.region === undefined
            ? 'set S3_ENDPOINT_URL to the address that serves the bucket'
            : `the bucket is in region ${refusal.region}; set AWS_REGION, and S3_ENDPOINT_URL to match`,
      },
    );
  if (code === 'NoSuchUpload')
    return new StoreError(
      'missing',
      'S3_NOT_FOUND',
      `the upload of ${what} in parts was ended by somebody else`,
    );
  if (status === 404) return new StoreError('missing', 'S3_NOT_FOUND', `there is no ${what} ${where}`);
  if (status === 412 || status === 416)
    return new StoreError('changed', 'S3_CHANGED', `${what} was replaced while it was being read`);
  if (status === 401 || status === 403) {
    const signed = settings.credentials !== 'none';
    const who = signed ? setting('AWS_ACCESS_KEY_ID') : 'unsigned requests';
    return new StoreError(
      asked.key === undefined ? 'settings' : 'refused',
      'S3_DENIED',
      `the server ${where} does not let ${who} ${verb(asked)} ${what}: ${said}`,
      {
        exitCode: 3,
        hint: signed
          ? // An answer to HEAD has no words: a key that is wrong looks the same.
            `ask who owns the bucket for the right${asked.method === 'HEAD' ? '; or the key is wrong, which make doctor tells' : ''}`
          : 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in .env',
      },
    );
  }
  const busy = (status >= 500 && status !== 501) || status === 429;
  const kind = busy ? 'unreachable' : 'refused';
  return new StoreError(kind, 'S3_REFUSED', `${asked.method} ${what} ${where} failed: ${said}`, {
    exitCode: 3,
  });
}

/** Nothing was found of the bucket itself. */
function noBucket({ code }: S3Refusal, { method }: Asked, settings: S3Settings): StoreError {
  const { endpoint, bucket } = settings;
  const address = `S3_ENDPOINT_URL (${settings.origin('S3_ENDPOINT_URL')})`;
  // The answer to a HEAD has no body, and so no code.
  if (code === '' && method !== 'HEAD')
    return new StoreError(
      'settings',
      'S3_BROKEN_ANSWER',
      `what is at ${endpoint.origin} says "404 Not Found" as no S3 server does: ${address}`,
      { hint: 'check the address and its port, and that no proxy answers in its place' },
    );
  const path = endpoint.pathname.replace(/\/+$/, '');
  if (path !== '')
    return new StoreError(
      'settings',
      'S3_NO_BUCKET',
      `there is no bucket "${bucket}" below ${endpoint.origin}${path}: ${address} has a path`,
      {
        hint: `the bucket belongs into S3_BUCKET_NAME; most servers want S3_ENDPOINT_URL=${endpoint.origin}`,
      },
    );
  return new StoreError(
    'settings',
    'S3_NO_BUCKET',
    `there is no bucket "${bucket}" at ${endpoint.origin}: S3_BUCKET_NAME (${settings.origin('S3_BUCKET_NAME')})`,
    { hint: 'check the name, and that S3_ENDPOINT_URL is the right server, without the bucket' },
  );
}

function credentials(message: string): StoreError {
  return new StoreError('settings', 'S3_CREDENTIALS', message, {
    hint: 'correct it, or remove it to send unsigned requests',
  });
}

function verb(asked: Asked): string {
  if (asked.key === undefined) return asked.method === 'GET' ? 'list' : 'write to';
  return { GET: 'read', HEAD: 'read', DELETE: 'delete' }[asked.method] ?? 'write';
}

import type { DotEnv } from '../config/dotenv.ts';
import type { DiagnosticCode } from '../diagnostics/codes.ts';
import {
  type Checked,
  type Diagnostic,
  errorDiagnostic,
  warningDiagnostic,
} from '../diagnostics/diagnostic.ts';
import { nearestName } from '../diagnostics/nearest-name.ts';
import type { Credentials } from './sigv4.ts';

/** Where the bucket is and who we are to it. Values of credentials are secrets: never print one. */
export interface S3Settings {
  readonly endpoint: URL;
  readonly bucket: string;
  readonly region: string;
  /** `none`: unsigned requests. `chain`: profile, web identity or container role, looked up by the AWS SDK. */
  readonly credentials: Credentials | 'none' | 'chain';
  readonly profile: string | undefined;
  /** A file with more certificate authorities, `AWS_CA_BUNDLE`. */
  readonly caBundle: string | undefined;
  /** Where a setting came from, for messages: `from .env:3`, `from the environment`. */
  origin(name: string): string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The AWS SDK reads these for itself, and only from the environment. */
const chainVariables = [
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/**
 * The settings from the environment and `.env`. The environment wins, so that `S3_BUCKET_NAME=other make upload`
 * and the addresses that a pod is given inside the cluster do what they say; but key, secret and token come from
 * one place, never mixed from two.
 */
export function readS3Settings(env: Environment, dotenv: DotEnv): Checked<S3Settings> {
  const diagnostics: Diagnostic[] = [];
  const fail = (code: DiagnosticCode, message: string, hint: string) =>
    void diagnostics.push(errorDiagnostic(code, message, { hint }));
  const origins = new Map<string, 'environment' | '.env'>();
  const inDotenv = (name: string) => dotenv.variables.get(name)?.trim() || undefined;
  const take = (name: string): string | undefined => {
    const fromEnv = env[name]?.trim() || undefined;
    if (fromEnv !== undefined) origins.set(name, 'environment');
    else if (inDotenv(name) !== undefined) origins.set(name, '.env');
    return fromEnv ?? inDotenv(name);
  };
  const origin = (name: string): string => {
    const place = origins.get(name);
    if (place === 'environment') return 'from the environment';
    if (place === '.env') return `from ${lineInDotenv(dotenv, name)}`;
    return 'not set';
  };

  const region = take('AWS_REGION') ?? 'us-east-1';
  const bucket = take('S3_BUCKET_NAME');
  if (bucket === undefined) {
    const near = nearestName('S3_BUCKET_NAME', [...dotenv.variables.keys()]);
    const hint = near === undefined ? 'write S3_BUCKET_NAME=my-bucket into .env' : `.env has "${near}"`;
    fail('S3_SETTING_MISSING', 'S3_BUCKET_NAME is neither in the environment nor in .env', hint);
  } else if (!/^[A-Za-z0-9][\w.-]{1,254}$/.test(bucket)) {
    fail(
      'S3_SETTING_INVALID',
      `S3_BUCKET_NAME (${origin('S3_BUCKET_NAME')}) is no bucket name: "${bucket}"`,
      'write the name alone, without s3:// and without a path',
    );
  }

  const address = take('S3_ENDPOINT_URL') ?? `https://s3.${region}.amazonaws.com`;
  const endpoint = parseEndpoint(address);
  if (endpoint === undefined) {
    fail(
      'S3_SETTING_INVALID',
      `S3_ENDPOINT_URL (${origin('S3_ENDPOINT_URL')}) is no address of a server`,
      isHost(address)
        ? `write it as http://${address}, or with https://`
        : 'write it as https://s3.example.org',
    );
  }

  const from = env['AWS_ACCESS_KEY_ID']?.trim() || env['AWS_SECRET_ACCESS_KEY']?.trim() ? env : undefined;
  const place = from === undefined ? '.env' : 'environment';
  const credential = (name: string): string | undefined => {
    const value = from === undefined ? inDotenv(name) : from[name]?.trim() || undefined;
    if (value !== undefined) origins.set(name, place);
    return value;
  };
  const accessKeyId = credential('AWS_ACCESS_KEY_ID');
  const secretAccessKey = credential('AWS_SECRET_ACCESS_KEY');
  const sessionToken = credential('AWS_SESSION_TOKEN');
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    const [has, lacks] =
      accessKeyId === undefined
        ? ['AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID']
        : ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
    const where = place === '.env' ? '.env' : 'the environment';
    fail(
      'S3_SETTING_MISSING',
      `${has} is ${origin(has)}, but ${lacks} is not there`,
      `set both in ${where}, or neither`,
    );
  }

  const sent = { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  for (const [name, value] of Object.entries({ ...sent, AWS_SESSION_TOKEN: sessionToken }))
    if (value !== undefined && !/^[\x20-\x7e]+$/.test(value))
      fail(
        'S3_SETTING_INVALID',
        `${name} (${origin(name)}) holds a line break or a character beyond ASCII`,
        'copy it again: some editors and chats put such characters in unseen',
      );

  if (diagnostics.length > 0 || bucket === undefined || endpoint === undefined)
    return { ok: false, diagnostics };
  const chained = take('AWS_PROFILE') !== undefined || chainVariables.some((name) => env[name]?.trim());
  const credentials =
    accessKeyId !== undefined && secretAccessKey !== undefined
      ? { accessKeyId, secretAccessKey, sessionToken }
      : chained
        ? 'chain'
        : 'none';
  const profile = take('AWS_PROFILE');
  const caBundle = take('AWS_CA_BUNDLE');
  // Of two in the environment the key wins by the SDKs' rules, too; but who sets a profile does not think of `.env`.
  const ignored = env['AWS_PROFILE']?.trim() && typeof credentials === 'object' && place === '.env';
  if (ignored)
    diagnostics.push(
      warningDiagnostic(
        'S3_PROFILE_IGNORED',
        `AWS_PROFILE is not used: AWS_ACCESS_KEY_ID ${origin('AWS_ACCESS_KEY_ID')} comes first`,
        { hint: 'take the key out of .env to use the profile' },
      ),
    );
  return {
    ok: true,
    value: { endpoint, bucket, region, credentials, profile, caBundle, origin },
    diagnostics,
  };
}

/** Addresses with credentials in them are refused: they would end up in messages. */
function parseEndpoint(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const known = ['http:', 'https:', 'file:'].includes(url.protocol);
  return known && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
    ? url
    : undefined;
}

/** `host:port`, or a name with a dot: what a secret in the wrong place does not look like. */
function isHost(text: string): boolean {
  return /^(?:[\w-]+:\d+|[\w-]+(?:\.[\w-]+)+(?::\d+)?)\/?$/.test(text);
}

function lineInDotenv(dotenv: DotEnv, name: string): string {
  if (dotenv.file === undefined) return '.env';
  const lines = dotenv.file.text.split('\n');
  const index = lines.findLastIndex((line) =>
    line
      .trim()
      .replace(/^export\s+/, '')
      .startsWith(`${name}=`),
  );
  return index === -1 ? dotenv.file.path : `${dotenv.file.path}:${index + 1}`;
}

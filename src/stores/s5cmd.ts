import { spawn } from 'node:child_process';
import type { BulkMover } from './bulk-mover.ts';
import type { S3Settings } from './s3-settings.ts';

/** One file to move, with paths as s5cmd takes them. */
interface S5cmdCopy {
  readonly from: string;
  readonly to: string;
  /** Stored beside the object. */
  readonly digest?: string;
}

/** Moves by s5cmd, which must be on the PATH of `env`. */
export function createS5cmdMover(
  settings: S3Settings,
  env: Readonly<Record<string, string | undefined>>,
): BulkMover {
  const object = (key: string) => `s3://${settings.bucket}/${key}`;
  return {
    accepts: (key, path) => !/[\r\n]/.test(key + path),
    async upload(files, signal) {
      const copies = files.map(({ key, path, digest }) => ({ from: path, to: object(key), digest }));
      await runS5cmd(copies, settings, env, signal);
    },
    async download(files, signal) {
      const copies = files.map(({ key, path }) => ({ from: object(key), to: path }));
      await runS5cmd(copies, settings, env, signal);
    },
  };
}

/**
 * Copies by one `s5cmd run`, which takes its commands from standard input. Nothing is believed of how it ends: the caller
 * checks each file, and moves itself what is not right. Credentials go by the environment, never as arguments.
 */
async function runS5cmd(
  copies: readonly S5cmdCopy[],
  settings: S3Settings,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { credentials, region, endpoint } = settings;
  const signed = typeof credentials === 'object';
  const child = spawn(
    's5cmd',
    ['--endpoint-url', endpoint.href, ...(signed ? [] : ['--no-sign-request']), 'run'],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {
        ...env,
        AWS_REGION: region,
        ...(signed && {
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          ...(credentials.sessionToken !== undefined && { AWS_SESSION_TOKEN: credentials.sessionToken }),
        }),
      },
    },
  );
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('close', () => resolve());
      child.stdin.on('error', () => {});
      child.stdin.end(copies.map(commandLine).join(''));
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
}

function commandLine({ from, to, digest }: S5cmdCopy): string {
  const metadata = digest === undefined ? '' : ` --metadata ${quote(`ktb-digest=${digest}`)}`;
  return `cp --raw${metadata} ${quote(from)} ${quote(to)}\n`;
}

/** s5cmd splits its lines as a shell does. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

import { spawn } from 'node:child_process';
import type { BulkMover } from './bulk-mover.ts';
import type { S3Settings } from './s3-settings.ts';
import { printable } from './safe-key.ts';
import type { Credentials } from './sigv4.ts';

/** Characters of what it says of its troubles. */
const mostSaid = 300;

/** One file to move, with paths as s5cmd takes them. */
interface S5cmdCopy {
  readonly from: string;
  readonly to: string;
  /** Stored beside the object. */
  readonly digest?: string;
}

interface Tools {
  readonly settings: S3Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Those that hold now; `undefined`: requests are not signed. */
  readonly credentials: () => Promise<Credentials | undefined>;
  /** Told in a sentence why s5cmd did not do all. */
  readonly tell: (line: string) => void;
}

/** Moves by s5cmd, which must be on the PATH of `env`. */
export function createS5cmdMover(tools: Tools): BulkMover {
  const { settings } = tools;
  const object = (key: string) => `s3://${settings.bucket}/${key}`;
  return {
    accepts: (key, path) => !/[\r\n]/.test(key + path),
    async upload(files, signal) {
      const copies = files.map(({ key, path, digest }) => ({ from: path, to: object(key), digest }));
      await runS5cmd(copies, tools, signal);
    },
    async download(files, signal) {
      const copies = files.map(({ key, path }) => ({ from: object(key), to: path }));
      await runS5cmd(copies, tools, signal);
    },
  };
}

/**
 * Copies by one `s5cmd run`, which takes its commands from standard input. Nothing is believed of how it ends: the caller
 * checks each file, and moves itself what is not right. Credentials go by the environment, never as arguments.
 */
async function runS5cmd(
  copies: readonly S5cmdCopy[],
  { settings, env, credentials: look, tell }: Tools,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { region, endpoint } = settings;
  const credentials = await look();
  const child = spawn(
    's5cmd',
    ['--endpoint-url', endpoint.href, ...(credentials === undefined ? ['--no-sign-request'] : []), 'run'],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: {
        ...env,
        AWS_REGION: region,
        ...(credentials !== undefined && {
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          ...(credentials.sessionToken !== undefined && { AWS_SESSION_TOKEN: credentials.sessionToken }),
        }),
      },
    },
  );
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < mostSaid) said += chunk;
  });
  try {
    await new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('close', (code) => {
        const [why = ''] = said.slice(0, mostSaid).split('\n');
        if (code !== 0 && !signal.aborted)
          tell(
            `s5cmd did not do all, which is done without it: ${printable(why) || `it ended with ${code}`}`,
          );
        resolve();
      });
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

import type { Readable, Writable } from 'node:stream';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { drained } from '../../drained.ts';
import type { StatusBody } from './api-error.ts';
import { openChannelSocket } from './channel-socket.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { pathOf, pods } from './objects.ts';
import type { RetryPolicy } from './retry-policy.ts';

const stdinChannel = 0;
const stdoutChannel = 1;
const stderrChannel = 2;
const statusChannel = 3;
const resizeChannel = 4;
/** Of v5: closes the channel whose number follows. */
const closeChannel = 255;
/** Milliseconds that a command may go on after its input has ended before a server without v5 is named as the cause. */
const endlessAfter = 5000;

export interface ExecOptions {
  readonly pod: string;
  readonly container?: string | undefined;
  readonly command: readonly string[];
  readonly stdin?: AsyncIterable<Uint8Array> | Readable | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Set for a terminal: its size now, and a way to hear of changes. */
  readonly terminal?: Terminal | undefined;
}

export interface Terminal {
  size(): { readonly columns: number; readonly rows: number };
  onResize(listener: () => void): () => void;
}

/**
 * Runs a command in a container over the API's WebSocket, and returns its exit code.
 *
 * @throws ApiError when the server refuses (no such pod, not running)
 * @throws DiagnosticError KUBE_NO_PROGRAM when the container has no such program, KUBE_EXEC_LOST when the
 * connection ends before the command does
 */
export async function exec(api: NamespaceApi, options: ExecOptions, signal: AbortSignal): Promise<number> {
  const { terminal, stdin } = options;
  const query = new URLSearchParams();
  for (const word of options.command) query.append('command', word);
  if (options.container !== undefined) query.set('container', options.container);
  query.set('stdin', String(stdin !== undefined));
  query.set('stdout', 'true');
  // A terminal has one output.
  query.set('stderr', String(terminal === undefined));
  query.set('tty', String(terminal !== undefined));
  const path = `${pathOf(pods, api.namespace, options.pod)}/exec?${query}`;
  const ended = new AbortController();
  const socket = await openChannelSocket(
    api.client,
    path,
    ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
    signal,
  );
  const resize = (): void => {
    const { columns, rows } = terminal?.size() ?? { columns: 80, rows: 24 };
    void socket.send(resizeChannel, Buffer.from(JSON.stringify({ Width: columns, Height: rows })));
  };
  const stopResizing = terminal?.onResize(resize);
  if (terminal !== undefined) resize();
  const tellEndless = (): void => {
    options.stderr.write(
      'this cluster, older than Kubernetes 1.30, cannot be told that the input has ended; a command that waits for that goes on until Ctrl-C\n',
    );
  };
  const feeding =
    stdin === undefined ? undefined : feed(socket, stdin, ended.signal, api.client.policy, tellEndless);
  feeding?.catch(() => socket.close());
  try {
    let status: StatusBody | undefined;
    for await (const { channel, data } of socket.messages) {
      // Messages that have come already are not held up by an output that nobody reads.
      signal.throwIfAborted();
      if (channel === stdoutChannel || channel === stderrChannel)
        await write(channel === stdoutChannel ? options.stdout : options.stderr, data, signal);
      else if (channel === statusChannel) status = JSON.parse(data.toString('utf8')) as StatusBody;
    }
    signal.throwIfAborted();
    return exitCodeOf(status, options);
  } finally {
    ended.abort();
    stopResizing?.();
    socket.close();
  }
}

async function feed(
  socket: Awaited<ReturnType<typeof openChannelSocket>>,
  stdin: AsyncIterable<Uint8Array> | Readable,
  ended: AbortSignal,
  { sleep }: RetryPolicy,
  tellEndless: () => void,
): Promise<void> {
  const iterator = stdin[Symbol.asyncIterator]();
  const over = new Promise<IteratorReturnResult<undefined>>((settle) => {
    ended.addEventListener('abort', () => settle({ done: true, value: undefined }), { once: true });
  });
  for (;;) {
    // Whoever types must not have to press a key for the end of the command to be noticed.
    const next = await Promise.race([iterator.next() as Promise<IteratorResult<Uint8Array>>, over]);
    if (ended.aborted) return;
    if (next.done === true) break;
    await socket.send(stdinChannel, next.value);
  }
  if (socket.protocol.startsWith('v5')) await socket.send(closeChannel, Buffer.from([stdinChannel]));
  else await sleep(endlessAfter, ended).then(tellEndless, () => undefined);
}

async function write(stream: Writable, data: Buffer, signal: AbortSignal): Promise<void> {
  if (!stream.write(data)) await drained(stream, signal);
}

function exitCodeOf(status: StatusBody | undefined, options: ExecOptions): number {
  const program = options.command[0] ?? '';
  if (status === undefined)
    throw refuse('KUBE_EXEC_LOST', `the connection to pod "${options.pod}" ended before "${program}" did`, {
      hint: 'run it again; what must outlive a connection belongs into a Job',
    });
  if (status.status === 'Success') return 0;
  const code = status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
  if (code !== undefined) return Number(code);
  if (/executable file (?:\S+ )?not found|no such file or directory/i.test(status.message ?? ''))
    throw refuse('KUBE_NO_PROGRAM', `the container of pod "${options.pod}" has no "${program}"`, {
      hint: 'use an image that has it',
    });
  throw refuse(
    'KUBE_EXEC_LOST',
    `"${program}" could not be run in pod "${options.pod}": ${status.message ?? status.reason ?? 'no reason given'}`,
  );
}

function refuse(
  code: 'KUBE_EXEC_LOST' | 'KUBE_NO_PROGRAM',
  message: string,
  rest: { hint?: string } = {},
): DiagnosticError {
  return new DiagnosticError(errorDiagnostic(code, message, rest), 3);
}

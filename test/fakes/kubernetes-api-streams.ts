import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Misfortune } from './kubernetes-api-faults.ts';
import type { ContainerLog } from './kubernetes-api-simulation.ts';

/** Answers `GET …/log`, following when asked to. */
export function sendLog(
  response: ServerResponse,
  log: ContainerLog,
  query: URLSearchParams,
  misfortune: Misfortune | undefined,
): void {
  const since = query.get('sinceTime');
  const sinceTime = since === null ? Number.NEGATIVE_INFINITY : Date.parse(since);
  // As the kubelet: each line by its own time, compared with the whole second that was asked for.
  let lines = log.lines.filter((line) => Date.parse(line.time) >= sinceTime);
  const tail = query.get('tailLines');
  if (tail !== null) lines = Number(tail) === 0 ? [] : lines.slice(-Number(tail));
  let sent = 0;
  const budget = misfortune?.kind === 'reset-after' ? misfortune.bytes : Number.POSITIVE_INFINITY;
  const limit = Number(query.get('limitBytes') ?? Number.POSITIVE_INFINITY);
  const write = (line: ContainerLog['lines'][number]): boolean => {
    const prefix = query.get('timestamps') === 'true' ? Buffer.from(`${line.time} `) : Buffer.alloc(0);
    let bytes = Buffer.concat([prefix, line.bytes]);
    if (sent + bytes.length > limit) bytes = bytes.subarray(0, limit - sent);
    if (sent + bytes.length > budget) {
      response.write(bytes.subarray(0, budget - sent), () => response.socket?.destroy());
      sent = budget;
      return false;
    }
    sent += bytes.length;
    if (bytes.length > 0) response.write(bytes);
    for (let times = 1; times < (line.repeat ?? 1); times += 1) response.write(line.bytes);
    return true;
  };
  response.writeHead(200, { 'content-type': 'text/plain' });
  // A kubelet sends the head with the first byte: who follows a silent container waits for it.
  if (query.get('follow') !== 'true') response.flushHeaders();
  for (const line of lines) if (!write(line)) return;
  if (misfortune?.kind === 'silence') return;
  if (query.get('follow') !== 'true' || log.ended) {
    response.end();
    return;
  }
  let next = log.lines.length;
  const wake = (): void => {
    for (; next < log.lines.length; next += 1) {
      const line = log.lines[next];
      if (line !== undefined && !write(line)) {
        log.readers.delete(wake);
        return;
      }
    }
    if (log.ended) {
      log.readers.delete(wake);
      response.end();
    }
  };
  log.readers.add(wake);
  response.on('close', () => log.readers.delete(wake));
}

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

export interface ExecRecord {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly sizes: { readonly Width: number; readonly Height: number }[];
}

/** Upgrades and hands over to `serve`, or refuses as an old server would. */
function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  offered: readonly string[],
  serve: (webSocket: WebSocket) => void,
): void {
  const server = new WebSocketServer({
    noServer: true,
    handleProtocols: (asked) => offered.find((each) => asked.has(each)) ?? false,
  });
  server.handleUpgrade(request, socket, head, serve);
}

/** `exec`: runs the command here, in `folder`, with the channels of v4 and v5. */
export function serveExec(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  query: URLSearchParams,
  options: {
    readonly folder: string;
    readonly record: ExecRecord;
    readonly onlyV4?: boolean;
    readonly programs?: (name: string) => boolean;
    readonly programMissing?: ((name: string) => string) | undefined;
  },
): void {
  upgrade(request, socket, head, options.onlyV4 === true ? protocols.slice(1) : protocols, (webSocket) => {
    const [program = '', ...args] = query.getAll('command');
    const finish = (status: object): void => {
      webSocket.send(channel(3, Buffer.from(JSON.stringify({ metadata: {}, ...status }))));
      webSocket.close(1000);
    };
    const missing = (): void => {
      const words =
        options.programMissing?.(program) ??
        `OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": executable file not found in $PATH`;
      finish({
        status: 'Failure',
        reason: 'InternalError',
        message: `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "8d1": ${words}`,
        details: { causes: [{ message: words }] },
        code: 500,
      });
    };
    if (options.programs?.(program) === false) return missing();
    const child = spawn(program, args, {
      cwd: options.folder,
      stdio: 'pipe',
      env: { ...process.env, PWD: options.folder },
    });
    child.on('error', missing);
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (data: Buffer) => webSocket.send(channel(1, data)));
    child.stderr.on('data', (data: Buffer) =>
      webSocket.send(channel(query.get('tty') === 'true' ? 1 : 2, data)),
    );
    child.on('close', (code, signal) => {
      if (code === null && signal === null) return;
      const exitCode = code ?? 137;
      if (exitCode === 0) finish({ status: 'Success' });
      else
        finish({
          status: 'Failure',
          message: `command terminated with non-zero exit code: exit status ${exitCode}`,
          reason: 'NonZeroExitCode',
          details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
        });
    });
    webSocket.on('message', (data: Buffer) => {
      if (data[0] === 0) child.stdin.write(data.subarray(1));
      else if (data[0] === 4) options.record.sizes.push(JSON.parse(data.subarray(1).toString('utf8')));
      else if (data[0] === 255 && data[1] === 0) child.stdin.end();
    });
    webSocket.on('close', () => child.kill('SIGHUP'));
  });
}

/** `portforward` as container runtimes answer it: the pod's port is a port of this machine. */
export function servePortForward(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  query: URLSearchParams,
): void {
  const port = Number(query.get('ports'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    const text = 'query parameter "port" is required';
    socket.end(`HTTP/1.1 400 Bad Request\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
    return;
  }
  upgrade(request, socket, head, ['v4.channel.k8s.io'], (webSocket) => {
    const number = Buffer.from([port & 255, port >> 8]);
    webSocket.send(channel(0, number));
    webSocket.send(channel(1, number));
    const upstream = connect(port, '127.0.0.1');
    upstream.on('data', (data) => webSocket.send(channel(0, data)));
    upstream.on('error', () => {
      webSocket.send(
        channel(
          1,
          Buffer.from(
            `error forwarding port ${port} to pod 6ab3587a, uid : failed to connect to localhost:${port} inside namespace "6ab3587a": dial tcp4 127.0.0.1:${port}: connect: connection refused`,
          ),
        ),
      );
      webSocket.close();
    });
    upstream.on('end', () => webSocket.close());
    webSocket.on('message', (data: Buffer) => {
      if (data[0] === 0) upstream.write(data.subarray(1));
    });
    webSocket.on('close', () => upstream.destroy());
  });
}

function channel(number: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number]), data]);
}

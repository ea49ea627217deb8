import type { IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';

/** What the system fills at each read, again and again. */
const bufferSize = 256 << 10;
const end = Buffer.from('\r\n\r\n');

export interface DirectAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: DirectBody;
}

/** The answer is not of the one plain kind that is read here. */
export class NotPlain extends Error {
  override readonly name = 'NotPlain';
}

/** A body that is read from the socket when it is asked for, without a stream in between. */
export class DirectBody {
  readonly #read: (take: Take) => Promise<void>;

  constructor(read: (take: Take) => Promise<void>) {
    this.#read = read;
  }

  /** As `consume`; the chunk's memory is used again. */
  async consume(take: Take): Promise<void> {
    await this.#read(take);
  }
}

type Take = (chunk: Buffer) => Promise<void> | undefined;

/**
 * One kept connection that asks for ranges, over plain HTTP, and reads into the same memory all the time: what Node's
 * client makes of each piece costs more than the bytes. It understands one kind of answer, a final one with a
 * `Content-Length`; any other one is NotPlain, for a real HTTP client to ask again.
 */
export class DirectSocket {
  readonly #socket: Socket;
  /** Gets each piece that arrives; false: stop reading. */
  #arrived: (piece: Buffer) => boolean = () => false;
  #failed: (error: Error) => void = () => {};
  used = false;

  constructor(address: { readonly host: string; readonly port: number }) {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(bufferSize),
      callback: (count: number, buffer: Uint8Array) =>
        this.#arrived(Buffer.from(buffer.buffer, buffer.byteOffset, count)),
    };
    this.#socket = connect({ ...address, noDelay: true, onread });
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('timeout', () => this.#socket.destroy(broken('no byte for too long')));
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#failed(broken('aborted')));
  }

  get usable(): boolean {
    return !this.#socket.destroyed;
  }

  destroy(error?: Error): void {
    this.#socket.destroy(error);
  }

  /** Sends a request without a body, and settles with the head of its answer. `done` is told when all of it was read. */
  ask(
    request: {
      readonly method: string;
      readonly target: string;
      readonly headers: Readonly<Record<string, string>>;
    },
    idleTimeout: number,
    done: (reusable: boolean) => void,
  ): Promise<DirectAnswer> {
    const { method, target, headers } = request;
    const socket = this.#socket;
    socket.ref();
    socket.setTimeout(idleTimeout);
    return new Promise((resolve, reject) => {
      let head = Buffer.alloc(0);
      this.#failed = (error) => {
        reject(error);
        done(false);
      };
      this.#arrived = (piece) => {
        const seen = head.length;
        head = Buffer.concat([head, piece]);
        const cut = head.indexOf(end);
        const parsed = cut === -1 ? undefined : parseHead(head.toString('latin1', 0, cut));
        if (cut === -1 && head.length < bufferSize) return true;
        if (parsed === undefined) {
          reject(new NotPlain('not the one kind of answer'));
          socket.destroy();
          return false;
        }
        // What follows stays where it is until it is asked for: nothing is read before.
        const rest = piece.subarray(cut + end.length - seen);
        const body = new DirectBody((take) => this.#readBody(rest, parsed, take, done));
        this.#failed = () => done(false);
        resolve({ status: parsed.status, headers: parsed.headers, body });
        return false;
      };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
      socket.resume();
    });
  }

  #readBody(first: Buffer, head: Head, take: Take, done: (reusable: boolean) => void): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let left = head.length;
      let taking: Promise<void> | undefined;
      const fail = (error: unknown) => {
        this.#failed = () => {};
        socket.destroy();
        done(false);
        reject(error);
      };
      // Whoever tries again goes on behind what was taken.
      this.#failed = (error) => void (taking ?? Promise.resolve()).then(() => fail(error), fail);
      const next = () => {
        if (left > 0) return true;
        this.#failed = () => {};
        this.#arrived = () => {
          socket.destroy();
          return false;
        };
        socket.setTimeout(0);
        socket.unref();
        this.used = true;
        done(head.keep);
        resolve();
        return true;
      };
      this.#arrived = (piece) => {
        left -= piece.length;
        if (left < 0) {
          fail(broken('more than was announced'));
          return false;
        }
        try {
          taking = take(piece);
        } catch (error) {
          fail(error);
          return false;
        }
        if (taking === undefined) return next();
        taking.then(() => {
          taking = undefined;
          if (next()) socket.resume();
        }, fail);
        return false;
      };
      if (left === 0) next();
      else if (socket.destroyed) this.#failed(broken('aborted'));
      else if (first.length === 0 || this.#arrived(first)) socket.resume();
    });
  }
}

/** What Node's client says of such things. */
function broken(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}

interface Head {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body. */
  readonly length: number;
  readonly keep: boolean;
}

/** `undefined` where it is anything but a final answer that says once how long its body is. */
function parseHead(text: string): Head | undefined {
  const [status = '', ...lines] = text.split('\r\n');
  const code = Number(/^HTTP\/1\.1 ([2-5]\d\d) /.exec(status)?.[1] ?? 0);
  if (code === 0 || code === 204 || code === 304) return undefined;
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined || headers[name] !== undefined) return undefined;
    headers[name] = match?.[2] ?? '';
  }
  const { 'content-length': length = '', 'transfer-encoding': coding, connection = 'keep-alive' } = headers;
  if (coding !== undefined || !/^\d{1,15}$/.test(length)) return undefined;
  return { status: code, headers, length: Number(length), keep: connection.toLowerCase() === 'keep-alive' };
}

import type { IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type AnswerHead, joinChunks, parseAnswerHead } from './http-answer.ts';
import type { Conversation } from './silence-watch.ts';

/** What the system fills at each read, again and again. */
const bufferSize = 256 << 10;
const end = Buffer.from('\r\n\r\n');

/** Milliseconds after which a connection that rests is closed: what lies between may have forgotten it in silence. */
export const restLimit = 15_000;

/** Up to this size a body leaves in one piece with its head: copying it is cheaper than two pieces. */
const smallContent = 64 << 10;

export interface DirectRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: a request without a body. */
  readonly content?: Uint8Array | undefined;
}

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
 * One kept connection for ranges and for bodies that are in memory, over plain HTTP, which reads into the same memory all
 * the time: what Node's client makes of each piece, and of each small request, costs more than the bytes. It understands
 * answers with a `Content-Length` and short ones in chunks; any other one is NotPlain, for a real client to ask again.
 */
export class DirectSocket implements Conversation {
  readonly #socket: Socket;
  /** Gets each piece that arrives; false: stop reading. */
  #arrived: (piece: Buffer) => boolean = () => false;
  #failed: (error: Error) => void = () => {};
  /** Told when the answer was read, or none came: whether the connection can be used again. */
  #done: (reusable: boolean) => void = () => {};
  used = false;
  /** Whether what arrives is taken at once; else it waits for us. */
  #reading = false;

  constructor(address: { readonly host: string; readonly port: number }) {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(bufferSize),
      callback: (count: number, buffer: Uint8Array) => {
        this.#reading = this.#arrived(Buffer.from(buffer.buffer, buffer.byteOffset, count));
        return this.#reading;
      },
    };
    this.#socket = connect({ ...address, noDelay: true, onread });
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('timeout', () => this.#socket.destroy(broken('no byte for too long')));
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#failed(broken('aborted')));
  }

  get received(): number {
    return this.#socket.bytesRead;
  }

  get sent(): number {
    return this.#socket.bytesWritten;
  }

  get isOurTurn(): boolean {
    return !this.#reading;
  }

  get usable(): boolean {
    return !this.#socket.destroyed;
  }

  destroy(error?: Error): void {
    this.#socket.destroy(error);
  }

  /** Sends a request, and settles with the head of its answer. `done` is told when all of it was read. */
  ask(request: DirectRequest, idleTimeout: number, done: (reusable: boolean) => void): Promise<DirectAnswer> {
    const socket = this.#socket;
    socket.ref();
    socket.setTimeout(idleTimeout);
    this.#done = done;
    return new Promise((resolve, reject) => {
      let before = Buffer.alloc(0);
      this.#failed = (error) => {
        reject(error);
        this.#done(false);
      };
      const refuse = () => {
        reject(new NotPlain('not the one kind of answer'));
        socket.destroy();
        return false;
      };
      // Most answers are here at once: the connection is free before anybody looks at this one.
      const settle = ({ status, headers, keep }: AnswerHead, content: Buffer) => {
        resolve({ status, headers, body: new DirectBody(async (take) => void (await take(content))) });
        this.#rest(keep);
        return true;
      };
      const collect = (head: AnswerHead, first: Buffer) => {
        let bytes = Buffer.alloc(0);
        this.#arrived = (piece) => {
          bytes = Buffer.concat([bytes, piece]);
          const content = joinChunks(bytes);
          if (content === 'more' && bytes.length < bufferSize) return true;
          return typeof content === 'string' ? refuse() : settle(head, content);
        };
        return first.length === 0 || this.#arrived(first);
      };
      this.#arrived = (piece) => {
        const bytes = before.length === 0 ? piece : Buffer.concat([before, piece]);
        const cut = bytes.indexOf(end);
        if (cut === -1 && bytes.length < bufferSize) {
          before = Buffer.from(bytes);
          return true;
        }
        const head = cut === -1 ? undefined : parseAnswerHead(bytes.toString('latin1', 0, cut));
        if (head === undefined) return refuse();
        const rest = bytes.subarray(cut + end.length);
        if (head.length === undefined) return collect(head, rest);
        if (head.length === rest.length) return settle(head, Buffer.from(rest));
        // What follows stays where it is until it is asked for: nothing is read before.
        const { status, headers, length, keep } = head;
        const body = new DirectBody((take) => this.#readBody(rest, { length, keep }, take));
        this.#failed = () => this.#done(false);
        resolve({ status, headers, body });
        return false;
      };
      this.#write(request);
      this.#resume();
    });
  }

  #resume(): void {
    this.#reading = true;
    this.#socket.resume();
  }

  #write({ method, target, headers, content }: DirectRequest): void {
    let head = `${method} ${target} HTTP/1.1\r\n`;
    for (const [name, value] of Object.entries(headers)) {
      if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) throw new Error(`a character that cannot be in "${name}"`);
      head += `${name}: ${value}\r\n`;
    }
    head += '\r\n';
    const socket = this.#socket;
    if (content === undefined) socket.write(head, 'latin1');
    else if (content.length <= smallContent) {
      const bytes = Buffer.allocUnsafe(head.length + content.length);
      bytes.write(head, 'latin1');
      bytes.set(content, head.length);
      socket.write(bytes);
    } else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(content);
      socket.uncork();
    }
  }

  /** Nothing more is to come until the next request. */
  #rest(keep: boolean): void {
    const socket = this.#socket;
    this.#failed = () => {};
    this.#arrived = () => {
      socket.destroy();
      return false;
    };
    socket.setTimeout(restLimit);
    socket.unref();
    this.used = true;
    // A server that answers before it has read everything may never read the rest.
    this.#done(keep && socket.writableLength === 0);
  }

  #readBody(
    first: Buffer,
    { length, keep }: { readonly length: number; readonly keep: boolean },
    take: Take,
  ): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let left = length;
      let taking: Promise<void> | undefined;
      const fail = (error: unknown) => {
        this.#failed = () => {};
        socket.destroy();
        this.#done(false);
        reject(error);
      };
      // Whoever tries again goes on behind what was taken.
      this.#failed = (error) => void (taking ?? Promise.resolve()).then(() => fail(error), fail);
      const next = () => {
        if (left > 0) return true;
        this.#rest(keep);
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
          if (next()) this.#resume();
        }, fail);
        return false;
      };
      if (left === 0) next();
      else if (socket.destroyed) this.#failed(broken('aborted'));
      else if (first.length === 0 || this.#arrived(first)) this.#resume();
    });
  }
}

/** What Node's client says of such things. */
function broken(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}

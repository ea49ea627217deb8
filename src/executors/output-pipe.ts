import { closeSync, constants, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';

/** Gets every byte in order. Reading stops until a returned promise settles: slow readers slow the trial. */
export type OnChunk = (chunk: Buffer) => Promise<void> | undefined;

/** Milliseconds after which the output of a trial that still runs is watched. */
const shortTrial = 5;
/** As much as a pipe holds. */
const buffer = Buffer.allocUnsafe(64 * 1024);

/**
 * One output of a trial: a named pipe, read until nobody can write to it any more.
 *
 * A stream that watches a pipe costs Node more than the rest of a trial of `true`. So it is made when a trial has run
 * for some milliseconds; one that has ended before finds its pipe emptied in one go.
 */
export class OutputPipe {
  readonly #reader: number;
  /** Keeps the pipe from ending before the trial has opened it. */
  #ownWriter: number | undefined;
  readonly #closed = Promise.withResolvers<void>();
  #onChunk: OnChunk = () => undefined;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isHeldBack = false;
  #isClosed = false;

  /** @throws NodeJS.ErrnoException */
  constructor(path: string) {
    this.#reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#ownWriter = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  }

  /** Settles when all output has been delivered and nobody holds the other end any more, or at {@link abandon}. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether `onChunk` is waited for. */
  get isHeldBack(): boolean {
    return this.#isHeldBack;
  }

  deliver(onChunk: OnChunk): void {
    this.#onChunk = onChunk;
    this.#timer = setTimeout(() => this.#watch(), shortTrial);
  }

  /** The trial's shell has ended; what it left running may go on writing. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#closeOwnWriter();
    if (this.#socket === undefined) this.#empty();
  }

  /** Gives up on what is still to come. */
  abandon(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#closeOwnWriter();
    if (this.#socket !== undefined) this.#socket.destroy();
    else this.#close();
  }

  #empty(): void {
    for (;;) {
      const length = readNow(this.#reader);
      if (length === undefined || length === 0) {
        if (length === 0) this.#close();
        else this.#watch();
        return;
      }
      const busy = this.#onChunk(Buffer.from(buffer.subarray(0, length)));
      if (busy === undefined) continue;
      this.#hold(busy, () => this.#watch());
      return;
    }
  }

  #watch(): void {
    const socket = new Socket({ fd: this.#reader, readable: true, writable: false });
    this.#socket = socket;
    socket.once('close', () => this.#end());
    socket.on('data', (chunk: Buffer) => {
      const busy = this.#onChunk(chunk);
      if (busy === undefined) return;
      socket.pause();
      this.#hold(busy, () => socket.resume());
    });
  }

  #hold(busy: Promise<void>, goOn: () => void): void {
    this.#isHeldBack = true;
    void busy.finally(() => {
      this.#isHeldBack = false;
      if (!this.#isClosed) goOn();
    });
  }

  #closeOwnWriter(): void {
    if (this.#ownWriter !== undefined) closeSync(this.#ownWriter);
    this.#ownWriter = undefined;
  }

  #close(): void {
    closeSync(this.#reader);
    this.#end();
  }

  #end(): void {
    this.#isClosed = true;
    this.#closed.resolve();
  }
}

/** Bytes that are now at the start of the buffer; `undefined` where none are there now and more may come. */
function readNow(descriptor: number): number | undefined {
  try {
    return readSync(descriptor, buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

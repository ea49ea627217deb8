import type http from 'node:http';
import type { Socket } from 'node:net';

/** A request under way and its answer, as a look at its connection tells. */
export interface Conversation {
  /** Bytes that have ever come over its connection. */
  readonly received: number;
  /** Bytes that have ever left over it. */
  readonly sent: number;
  /** Whether the next step is ours, as while a disk is slow. */
  readonly isOurTurn: boolean;
}

/** Milliseconds between two looks. */
const interval = 1_000;
/** Looks without a byte until it is told. */
const patience = 10;
/** Bytes since the last answer from which on some may still be in the system's buffers, for minutes on a slow line. */
const leaving = 64 << 10;

interface Look {
  readonly received: number;
  readonly sent: number;
  /** What had been sent when it was the server's word last. */
  readonly answered: number;
}

/**
 * Notices that a server has fallen silent: it is its turn everywhere, and no byte moves on any connection. One request
 * that takes its time while others move is none of that. Looks are counted, not time: after a process was stopped, or at
 * work for long, bytes may be there that nobody has read yet. Nor is a large upload watched: nothing tells here when its
 * bytes leave.
 */
export class SilenceWatch {
  readonly #tell: (line: string) => void;
  readonly #server: string;
  readonly #idleTimeout: number;
  readonly #before = new Map<Conversation, Look>();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;
  /** When the last byte moved, in milliseconds since the epoch. */
  #since = 0;
  #told = false;

  /**
   * @param tell gets a sentence, once for each silence
   * @param server for the sentence
   * @param idleTimeout milliseconds without a byte after which a request is made again
   */
  constructor(tell: (line: string) => void, server: string, idleTimeout: number) {
    this.#tell = tell;
    this.#server = server;
    this.#idleTimeout = idleTimeout;
  }

  begin(conversation: Conversation): void {
    if (this.#before.size === 0) this.#moved();
    this.#remember(conversation, conversation.sent);
    this.#timer ??= setInterval(() => this.look(), interval).unref();
  }

  end(conversation: Conversation): void {
    this.#compare(conversation);
    this.#before.delete(conversation);
  }

  look(): void {
    if (this.#before.size === 0) {
      this.close();
      return;
    }
    this.#looks++;
    for (const conversation of this.#before.keys()) this.#compare(conversation);
    if (this.#looks < patience || this.#told) return;
    this.#told = true;
    const time = new Date(this.#since).toTimeString().slice(0, 8);
    const next = `waiting on; after ${this.#idleTimeout / 1000} s without one it is asked again`;
    this.#tell(`no byte from ${this.#server} since ${time}, ${next}`);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #compare(conversation: Conversation): void {
    const before = this.#before.get(conversation);
    if (before === undefined) return;
    const { received, sent, isOurTurn } = conversation;
    const hasAnswered = received > before.received;
    const isLeaving = sent - before.answered > leaving;
    if (hasAnswered || sent > before.sent || isOurTurn || isLeaving) this.#moved();
    // What is sent may still be on this machine, so that a request made again does not end a silence.
    if (hasAnswered) this.#told = false;
    this.#remember(conversation, hasAnswered ? sent : before.answered);
  }

  #remember(conversation: Conversation, answered: number): void {
    this.#before.set(conversation, { received: conversation.received, sent: conversation.sent, answered });
  }

  #moved(): void {
    this.#looks = 0;
    this.#since = Date.now();
  }
}

/** What is asked with Node's client. */
export function conversationOf(request: http.ClientRequest): Conversation {
  let socket: Socket | undefined;
  let before = 0;
  let body: http.IncomingMessage | undefined;
  request.once('socket', (given) => {
    socket = given;
    // It may have served others.
    before = given.bytesRead;
  });
  request.once('response', (response) => {
    body = response;
  });
  return {
    get received() {
      return (socket?.bytesRead ?? 0) - before;
    },
    get sent() {
      return socket?.bytesWritten ?? 0;
    },
    get isOurTurn() {
      if (body !== undefined) return body.readableFlowing !== true;
      return !request.writableEnded && request.writableLength === 0;
    },
  };
}

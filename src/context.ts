import type { Readable, Writable } from 'node:stream';

/**
 * The world as one run of the tool sees it. The process edge (`bin.ts`) makes the real one; tests make
 * their own and call `main()` in-process, so nothing below `bin.ts` reads `process` for any of these.
 */
export interface Context {
  /** Absolute path of the folder the tool was started in; the project's root unless a command says otherwise. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Results: what a script would read. */
  readonly stdout: Writable & TerminalSize;
  /** Progress: what a person reads. */
  readonly stderr: Writable & TerminalSize;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Aborted by SIGINT, SIGTERM and SIGHUP; `reason` is a {@link SignalReceived}. */
  readonly signal: AbortSignal;
  /** Aborted by the second such signal: the user does not want to wait for a tidy end any more. */
  readonly secondSignal?: AbortSignal;
}

interface TerminalSize {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Why a run was asked to stop, the `reason` of the context's signal. */
export class SignalReceived extends Error {
  override readonly name = 'SignalReceived';
  readonly signalName: NodeJS.Signals;

  constructor(signalName: NodeJS.Signals) {
    super(`received ${signalName}`);
    this.signalName = signalName;
  }
}

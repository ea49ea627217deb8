#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Context, SignalReceived } from './context.ts';

// The process edge: argv, streams and signals become a Context, and main()'s answer the exit code.

// Make brings a Node of its own where this one is too old; `ktb` typed directly, or by npx, can only say so.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `kube-toolbox needs Node 22.19 or newer and runs in ${process.versions.node}\n` +
      '  hint: run it through make, which installs one for itself: make -f node_modules/kube-toolbox/Makefile init\n',
  );
  process.exit(2);
}

// Compiled code is kept beside the bundle, never in a shared temporary folder where others could plant some.
// Must come before the import below; where the folder cannot be written, Node goes on without.
nodeModule.enableCompileCache(fileURLToPath(new URL('.cache', import.meta.url)));
const { main } = await import('./main.ts');

/** What was to be said is not all there: the exit code where nothing else went wrong. */
const failedWrite = 3;
let unwritten = false;

const interruption = new AbortController();
const secondInterruption = new AbortController();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let listens = false;
/** Only who asks for the signal has something to end first; until then, Ctrl-C ends the process at once. */
function listen(): void {
  if (listens) return;
  listens = true;
  for (const name of signals) {
    process.on(name, () => {
      const controller = interruption.signal.aborted ? secondInterruption : interruption;
      controller.abort(new SignalReceived(name));
    });
  }
}

// Getters: the standard streams cost milliseconds to open, and few commands need all three.
const context: Context = {
  cwd: process.cwd(),
  env: process.env,
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    return guarded(process.stdout);
  },
  get stderr() {
    return guarded(process.stderr);
  },
  now: Date.now,
  get signal() {
    listen();
    return interruption.signal;
  },
  get secondSignal() {
    listen();
    return secondInterruption.signal;
  },
};

const code = await main(process.argv.slice(2), context);
process.exitCode = unwritten && code === 0 ? failedWrite : code;
// Nobody listens any more: should something hold the process up, Ctrl-C ends it.
for (const name of signals) process.removeAllListeners(name);

/**
 * A reader that has had enough (`ktb plan | head`) is not an error, a full disk is one. A command that has something to
 * end first, such as running trials, listens for itself, and goes on.
 */
function guarded(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (stream.listenerCount('error', leave) === 0) stream.on('error', leave);
  return stream;
}

function leave(this: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
  const goesOn = this.listenerCount('error') > 1;
  // EIO of a terminal: it is gone.
  const isRead = error.code !== 'EPIPE' && !(error.code === 'EIO' && this.isTTY);
  if (isRead && !unwritten) {
    unwritten = true;
    if (this === process.stdout)
      process.stderr.write(`error CLI_FILE_REFUSED: standard output cannot be written: ${error.message}\n`);
    // It may come when main() has answered.
    process.exitCode ||= failedWrite;
  }
  if (!goesOn) process.exit(isRead ? failedWrite : 0);
}

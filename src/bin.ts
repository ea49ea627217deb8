#!/usr/bin/env node
import { type Context, SignalReceived } from './context.ts';
import { main } from './main.ts';

// The process edge: argv, streams and signals become a Context, and main()'s answer the exit code.

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interruption.abort(new SignalReceived(name)));
}

// A reader that has had enough (`ktb plan | head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const context: Context = {
  cwd: process.cwd(),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  signal: interruption.signal,
};

process.exitCode = await main(process.argv.slice(2), context);

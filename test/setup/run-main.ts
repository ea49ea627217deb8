import { Readable, Writable } from 'node:stream';
import type { Context } from '../../src/context.ts';
import { main } from '../../src/main.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in-process, in a folder of the test's own, with nothing on standard input. */
export async function runMain(
  cwd: string,
  argv: readonly string[],
  change: Partial<Context> = {},
): Promise<Ran> {
  const stdout = new Collected();
  const stderr = new Collected();
  const code = await main(argv, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd },
    stdin: Readable.from([]),
    stdout,
    stderr,
    now: Date.now,
    signal: new AbortController().signal,
    ...change,
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

class Collected extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

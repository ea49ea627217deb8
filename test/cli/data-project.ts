import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { main } from '../../src/main.ts';
import { FakeS3Server } from '../fakes/s3-server.ts';
import { runMain } from '../setup/run-main.ts';

/** A project whose `.env` names a fake server's bucket. */
export async function startProject() {
  const server = new FakeS3Server();
  await server.start();
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'ktb-data-')));
  onTestFinished(async () => {
    await server.stop();
    rmSync(cwd, { recursive: true, force: true });
  });
  const path = (name: string) => join(cwd, name);
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), content);
  };
  const env = Object.entries(server.env).map(([name, value]) => `${name}=${value}\n`);
  write('.env', env.join(''));
  const run = (...argv: string[]) => runMain(cwd, argv);
  return { server, cwd, path, write, run };
}

/** Runs a command as on a terminal: each answer is typed when its question is asked. */
export async function runOnTerminal(cwd: string, argv: readonly string[], answers: readonly string[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const left = [...answers];
  let stdout = '';
  let stderr = '';
  const terminal = (take: (text: string) => void) =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          take(chunk.toString());
          done();
        },
      }),
      { isTTY: true, columns: 100 },
    );
  const code = await main(argv, {
    cwd,
    env: { NO_COLOR: '1' },
    stdin,
    stdout: terminal((text) => {
      stdout += text;
    }),
    stderr: terminal((text) => {
      stderr += text;
      if (/[:\]] $/.test(text)) setImmediate(() => stdin.write(`${left.shift() ?? ''}\n`));
    }),
    now: Date.now,
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr, unasked: left };
}

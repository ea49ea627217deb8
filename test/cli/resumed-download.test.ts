import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SignalReceived } from '../../src/context.ts';
import { runMain } from '../setup/run-main.ts';
import { putParts } from '../stores/fake-bucket.ts';
import { startProject } from './data-project.ts';

const part = 16 << 20;

it('what an earlier download left counts as there, and not as fast', async () => {
  const { cwd, server, path } = await startProject();
  putParts(server.bucket, 'big', randomBytes(2 * part), { digest: true, partSize: part });
  const isSecond = ({ headers }: { headers: { range?: string | undefined } }) =>
    headers.range?.startsWith(`bytes=${part}-`) === true;
  const stop = new AbortController();
  const firstIsThere = async () => {
    const list = () => readdirSync(cwd).find((name) => name.endsWith('.ranges'));
    while (
      readFileSync(path(list() ?? '.env'), 'utf8')
        .split('\n')
        .at(-2) !== '0'
    )
      await delay(5);
    stop.abort(new SignalReceived('SIGINT'));
  };
  server.fail({ meanwhile: firstIsThere }, isSecond);
  expect((await runMain(cwd, ['download', 'file=big'], { signal: stop.signal })).code).toBe(130);

  // The progress line of a clock that jumps a minute when the rest is asked for.
  let clock = 0;
  let told = () => {};
  const line = new Promise<void>((resolve) => {
    told = resolve;
  });
  const later = () => {
    clock = 64_000;
    return line;
  };
  server.fail({ meanwhile: later }, isSecond);
  let said = '';
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      said += chunk;
      if (said.includes('0/1 files')) told();
      done();
    },
  });
  expect((await runMain(cwd, ['download', 'file=big'], { stderr, now: () => clock })).code).toBe(0);
  expect(said).toBe(
    '0/1 files, 16.0 MiB of 32.0 MiB, 0 B/s\nDownloaded 1 file, 32.0 MiB (16.0 MiB of it were here) in 1m04s, 256 KiB/s\n',
  );
});

import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { SignalReceived } from '../../src/context.ts';
import { runMain } from '../setup/run-main.ts';
import { startProject } from './data-project.ts';

it('the bar of an upload that is stopped holds still while its parts are taken back', async () => {
  const { cwd, write, server } = await startProject();
  write('data/big', randomBytes(48 << 20));
  const stop = new AbortController();
  const bars: string[] = [];
  let text = '';
  let drawn = () => {};
  const stderr = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        const bar = /\[#*\.*\] [^\u001b]*/.exec(chunk.toString())?.[0];
        if (bar !== undefined) {
          bars.push(bar);
          drawn();
        }
        done();
      },
    }),
    { isTTY: true, columns: 200 },
  );
  let before = 0;
  const end = () => {
    before = bars.length;
    stop.abort(new SignalReceived('SIGINT'));
  };
  server.fail({ meanwhile: end }, ({ query }) => query.get('partNumber') === '3');
  // Long enough for the bar to be drawn again; what is drawn at once may be from before.
  const again = () =>
    new Promise<void>((resolve) => {
      drawn = () => void (bars.length > before + 2 && resolve());
    });
  server.fail({ meanwhile: again }, ({ method }) => method === 'DELETE');
  const env = { PATH: process.env['PATH'], TERM: 'xterm' };
  await runMain(cwd, ['upload', 'file=data/'], { stderr, env, signal: stop.signal });
  const moved = bars.map((bar) => Number(/, ([\d.]+) MiB of/.exec(bar)?.[1] ?? 0));
  expect(moved.length).toBeGreaterThan(before);
  expect(moved).toEqual(moved.toSorted((left, right) => left - right));
  expect(text).toContain('Stopped: 0 of 1 file done, 0 B; the same command uploads the rest');
});

import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { drained } from '../src/drained.ts';

function full(): PassThrough {
  const stream = new PassThrough({ highWaterMark: 1 });
  expect(stream.write('more than one')).toBe(false);
  return stream;
}
const never = new AbortController().signal;

it('settles when the stream takes more, and waits again when it is full again', async () => {
  const stream = full();
  let waits = true;
  const wait = drained(stream, never).then(() => {
    waits = false;
  });
  await new Promise((settle) => setImmediate(settle));
  expect(waits).toBe(true);
  stream.resume();
  await wait;
  stream.pause();
  stream.write('full');
  const again = drained(stream, never);
  stream.destroy();
  await again;
});

it('settles at once where the stream is gone or the signal has come', async () => {
  const gone = full();
  gone.destroy();
  await drained(gone, never);
  await drained(full(), AbortSignal.abort());
  const stop = new AbortController();
  const wait = drained(full(), stop.signal);
  stop.abort();
  await wait;
});

it('adds no listener for each who waits', async () => {
  const stream = full();
  const waits = Array.from({ length: 40 }, () => drained(stream, never));
  expect(stream.listenerCount('drain')).toBe(1);
  stream.destroy();
  await Promise.all(waits);
  expect(stream.listenerCount('drain')).toBe(0);
});

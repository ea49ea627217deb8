import type { Writable } from 'node:stream';

/** Those who wait for the same share one set of listeners: dozens of logs may be written to one output. */
const waits = new WeakMap<Writable, WeakMap<AbortSignal, Promise<void>>>();

/**
 * Waits until a stream takes more, is gone, or the signal comes. Not events.once(), which listens for errors as well: a
 * reader that has had enough is for the process edge to answer.
 */
export function drained(stream: Writable, signal: AbortSignal): Promise<void> {
  if (stream.destroyed || signal.aborted) return Promise.resolve();
  const ofStream = waits.get(stream) ?? new WeakMap<AbortSignal, Promise<void>>();
  waits.set(stream, ofStream);
  const wait = ofStream.get(signal) ?? listen(stream, signal).finally(() => ofStream.delete(signal));
  ofStream.set(signal, wait);
  return wait;
}

function listen(stream: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'close'] as const;
    const done = () => {
      for (const event of events) stream.off(event, done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
    signal.addEventListener('abort', done);
  });
}

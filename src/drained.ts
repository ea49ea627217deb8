import type { Writable } from 'node:stream';

/**
 * Waits until a stream takes more, is gone, or the signal comes. Not events.once(), which listens for errors as well: a
 * reader that has had enough is for the process edge to answer.
 */
export function drained(stream: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve();
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

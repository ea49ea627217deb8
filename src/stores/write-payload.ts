import type http from 'node:http';
import type { Payload } from './object-store.ts';

/** Sends the pieces one after another; stops early when the server has answered already. */
export async function writePayload(
  request: http.ClientRequest,
  pieces: ReturnType<Payload['open']>,
  size: number,
  done: () => boolean,
): Promise<void> {
  let sent = 0;
  for await (const piece of pieces) {
    if (done()) return;
    sent += piece.byteLength;
    if (sent >= size) {
      request.end(piece);
      return;
    }
    // The piece's memory may be used again after this, so it must have left.
    await new Promise<void>((resolve) => {
      request.once('close', resolve);
      request.write(piece, () => {
        request.off('close', resolve);
        resolve();
      });
    });
    // Who is asked for the next piece counts this one as gone.
    if (done()) return;
  }
  if (!done()) throw new Error(`the content ended after ${sent} of ${size} bytes`);
}

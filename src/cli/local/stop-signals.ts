import { type Context, SignalReceived } from '../../context.ts';

/**
 * What ends a sweep: the context's signal, or a reader that has gone away (`make local | head`). Without this the
 * process would end at once on a closed pipe, and leave its trials behind. To be disposed of.
 */
export function stopSignals(context: Context): Disposable & { readonly signal: AbortSignal } {
  const closed = new AbortController();
  // A terminal that is gone gives EIO, and SIGHUP comes as well. The other stream may still have a reader.
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO') closed.abort(new SignalReceived('SIGPIPE'));
  };
  const streams = [context.stdout, context.stderr];
  for (const stream of streams) stream.on('error', onError);
  return {
    signal: AbortSignal.any([context.signal, closed.signal]),
    [Symbol.dispose]: () => {
      for (const stream of streams) stream.off('error', onError);
    },
  };
}

import { writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { type Batch, Unpacker } from './manifest-batch.ts';

// The other side of `ManifestWriter`: writes each batch, and answers with what went wrong, if anything did.
const unpacker = new Unpacker();
let failure: object | undefined;
parentPort?.on('message', (batch: Batch) => {
  try {
    // What follows a file that failed is told by what differs from it.
    if (failure !== undefined) return;
    for (const [path, text] of unpacker.files(batch)) writeFileSync(path, text);
  } catch (error) {
    // An error loses its code on the way; a plain object does not.
    failure = { ...(error as Error), message: (error as Error).message };
  } finally {
    parentPort?.postMessage(failure);
  }
});

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { ManifestText } from '../../render/manifest-text.ts';
import { Packer } from './manifest-batch.ts';

/** Files until a thread is worth its start. */
const fewFiles = 512;
const batchSize = 128;
/** Batches that may wait: they are small, but a disk may be slow for hours. */
const backlog = 16;

/**
 * Writes manifests into files, from some hundreds on in a thread of its own: to put them together and make their
 * files takes a disk about as long as all that comes before.
 */
export class ManifestWriter {
  /** As many this thread writes itself: all, where there is no second processor. */
  readonly #own = availableParallelism() === 1 ? Number.POSITIVE_INFINITY : fewFiles;
  readonly #signal: AbortSignal;
  readonly #packer = new Packer();
  #count = 0;
  #underWay = 0;
  #worker: Worker | undefined;
  #failure: Error | undefined;
  #told: () => void = () => {};

  /** @param signal ends what waits for the disk */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * @param head what stands before the manifest
   * @returns a promise where the disk is slower than whoever calls, to be awaited before the next
   * @throws what the file system says, of this file or of one before
   */
  write(path: string, head: string, manifest: ManifestText): Promise<void> | undefined {
    this.#count += 1;
    if (this.#count <= this.#own) {
      // Synchronous: thousands of small files go out several times as fast as through the thread pool.
      writeFileSync(path, head + manifest.toString());
      return undefined;
    }
    this.#packer.add(path, head, manifest);
    if (this.#packer.length === batchSize) this.#send();
    return this.#underWay > backlog ? this.#drain(backlog / 2) : undefined;
  }

  /** Settles when all is written. @throws as `write`; what waits is then to be abandoned */
  async finish(): Promise<void> {
    if (this.#packer.length > 0) this.#send();
    await this.#drain(0);
    await this.#worker?.terminate();
  }

  /** Ends at once, whatever still waits: settles when nothing is written any more. */
  async abandon(): Promise<void> {
    await this.#worker?.terminate();
  }

  #send(): void {
    this.#worker ??= this.#start();
    this.#underWay += 1;
    this.#worker.postMessage(this.#packer.take());
  }

  #start(): Worker {
    // Bundled, this file is a chunk, and the thread an entry beside the chunks' folder.
    const file = import.meta.url.endsWith('.ts') ? './writing-thread.ts' : '../writing-thread.js';
    const threads = process.getBuiltinModule('node:worker_threads');
    const worker = new threads.Worker(new URL(file, import.meta.url));
    worker.on('message', (failure: { readonly message: string } | undefined) => {
      this.#underWay -= 1;
      if (failure !== undefined) this.#failure ??= Object.assign(new Error(failure.message), failure);
      this.#told();
    });
    worker.on('error', (error: Error) => {
      this.#failure ??= error;
      this.#told();
    });
    return worker;
  }

  /** Waits until no more than so many batches are under way. */
  async #drain(batches: number): Promise<void> {
    const tell = (): void => this.#told();
    this.#signal.addEventListener('abort', tell);
    try {
      while (this.#underWay > batches && this.#failure === undefined) {
        this.#signal.throwIfAborted();
        await new Promise<void>((resolve) => {
          this.#told = resolve;
        });
      }
    } finally {
      this.#signal.removeEventListener('abort', tell);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}

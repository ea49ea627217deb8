import type { NamespaceApi } from './namespace-api.ts';
import { type Job, jobs, type KubeObject, type Pod, pods, type Resource } from './objects.ts';
import { type Owner, ownerSelector } from './owner.ts';
import { follow } from './watch.ts';

/** The Jobs and pods of a project as they are now, followed side by side until it is disposed of. */
export class SweepWatch implements Disposable {
  /** `undefined` until they have been listed. */
  jobs: readonly Job[] | undefined;
  pods: readonly Pod[] | undefined;
  readonly #stop = new AbortController();
  #failure: { readonly error: unknown } | undefined;
  #wake = (): void => undefined;

  /** @param departed told of each Job that is removed, as it was */
  constructor(
    api: NamespaceApi,
    owner: Owner,
    signal: AbortSignal,
    departed: (job: Job) => void = () => undefined,
  ) {
    const both = AbortSignal.any([signal, this.#stop.signal]);
    const each = <T extends KubeObject>(resource: Resource<T>, see: (all: ReadonlyMap<string, T>) => void) =>
      this.run(async () => {
        for await (const all of follow(api, resource, { labels: ownerSelector(owner) }, both)) {
          see(all);
          this.wake();
        }
      });
    each(jobs, (all) => {
      for (const job of this.jobs ?? [])
        if (all.get(job.metadata.name)?.metadata.uid !== job.metadata.uid) departed(job);
      this.jobs = [...all.values()];
    });
    each(pods, (all) => {
      this.pods = [...all.values()];
    });
  }

  /** Work beside the watches: its end is a change, and its failure that of the whole. */
  run(work: () => Promise<void>): void {
    work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.wake());
  }

  wake(): void {
    this.#wake();
  }

  /**
   * The next change: to be asked for before what is there is looked at, so that none is missed meanwhile.
   *
   * @throws what a watch, or work beside it, has failed with
   */
  change(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    return new Promise((settle) => {
      this.#wake = settle;
    });
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}

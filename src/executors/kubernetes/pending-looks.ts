import type { ApiClient } from './api-client.ts';
import type { Job } from './objects.ts';

/** Milliseconds that a Job is left alone: most have a pod that runs by then. */
const patience = 15_000;
/** Milliseconds between two looks: each lists pods, and events. */
const interval = 60_000;

export interface PendingLooksOptions {
  /** Looks why Jobs are pending, and returns the UIDs of those that are not: they run. */
  readonly look: (pending: readonly Job[], signal: AbortSignal) => Promise<ReadonlySet<string>>;
  /** Told of each Job that a look has found running and of which the server does not say so. */
  readonly begun: (job: Job) => void;
}

/** Has Jobs looked at that have been pending for a while, now and then, for as long as there are any. */
export class PendingLooks implements Disposable {
  readonly #client: ApiClient;
  readonly #options: PendingLooksOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  /** By UID, and since when by the policy's clock. */
  #pending = new Map<string, { readonly job: Job; readonly since: number }>();
  /** Jobs that a look has found running, each with how many of its pods had failed by then: another may wait again. */
  readonly #running = new Map<string, number>();
  #nextLook = Number.NEGATIVE_INFINITY;
  #isFirst = true;
  #isGoing = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(client: ApiClient, options: PendingLooksOptions, signal: AbortSignal) {
    this.#client = client;
    this.#options = options;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  /**
   * The Jobs that are pending now, those included of which the server does not say whether they run.
   *
   * @throws what a look has failed with
   */
  see(all: readonly Job[]): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    const now = this.#client.policy.now();
    const pending = all.filter(
      (job) => this.#running.get(job.metadata.uid) !== (job.status?.failed ?? 0) && !isLeaving(job),
    );
    this.#pending = new Map(
      pending.map((job) => {
        const { uid } = job.metadata;
        // Those that are there already when somebody begins to wait may have been pending for hours.
        const since = this.#pending.get(uid)?.since ?? (this.#isFirst ? now - this.#ageOf(job) : now);
        return [uid, { job, since }];
      }),
    );
    this.#isFirst = false;
    if (this.#isGoing || this.#pending.size === 0) return;
    this.#isGoing = true;
    this.#run().catch((error: unknown) => {
      if (!this.#signal.aborted) this.#failure = { error };
    });
  }

  async #run(): Promise<void> {
    const { policy } = this.#client;
    for (;;) {
      const sinces = [...this.#pending.values()].map(({ since }) => since);
      if (sinces.length === 0) {
        this.#isGoing = false;
        return;
      }
      const due = Math.max(Math.min(...sinces) + patience, this.#nextLook);
      if (policy.now() < due) {
        await policy.sleep(due - policy.now(), this.#signal);
        continue;
      }
      // With those that have waited less: what is told of the first is not to be taken for all.
      const waiting = [...this.#pending.values()];
      const running = await this.#options.look(
        waiting.map(({ job }) => job),
        this.#signal,
      );
      for (const { job } of waiting) {
        // Of others, the next change says so.
        if (!isUncounted(job) || !running.has(job.metadata.uid)) continue;
        this.#running.set(job.metadata.uid, job.status?.failed ?? 0);
        // It may have ended meanwhile.
        if (this.#pending.delete(job.metadata.uid)) this.#options.begun(job);
      }
      this.#nextLook = policy.now() + interval;
    }
  }

  #ageOf({ metadata, status }: Job): number {
    const begun = Date.parse(status?.startTime ?? metadata.creationTimestamp);
    return Math.max(0, this.#client.serverTime() - begun);
  }

  /** Whatever is under way is given up: nobody waits for it. */
  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}

/** Servers before 1.24 do not say how many of a Job's pods are ready. */
export function isUncounted({ status }: Job): boolean {
  return (status?.active ?? 0) > 0 && status?.ready === undefined;
}

function isLeaving({ metadata }: Job): boolean {
  return metadata.deletionTimestamp !== undefined;
}

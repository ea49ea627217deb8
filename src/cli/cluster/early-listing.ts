import { setTimeout as sleep } from 'node:timers/promises';
import { executors } from '../../backends.ts';
import type { Context } from '../../context.ts';
import type { Listing } from '../../executors/kubernetes/list-pages.ts';
import type { Job } from '../../executors/kubernetes/objects.ts';
import { type Cluster, type ClusterConfig, openCluster } from './open-cluster.ts';

/** Milliseconds for the listing to be on its way before the sweep is planned; a far server gets no more of a start. */
const headStart = 50;

/** The project's Jobs, asked for while the sweep is planned; whatever ends that ends the asking, too. */
export class EarlyListing implements Disposable {
  readonly #context: Context;
  readonly #asking = new AbortController();
  #begun: { readonly cluster: Cluster; readonly listing: Promise<Listing<Job>> } | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** @throws as `openCluster`; what the listing comes to is told by `begun` */
  async begin(config: ClusterConfig, options: { readonly yes: boolean }): Promise<void> {
    const cluster = await openCluster(config, { ...options, isWriting: true }, this.#context);
    const { listJobs } = await executors.kubernetes();
    const signal = AbortSignal.any([this.#context.signal, this.#asking.signal]);
    const listing = listJobs(cluster.api, cluster.owner, signal);
    this.#begun = { cluster, listing };
    // A connection is made in several turns, each of which would wait for what is done here meanwhile. Without credentials
    // there is none.
    const failed = listing.then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([cluster.api.client.connection.firstSent, failed, sleep(headStart)]);
  }

  get begun(): { readonly cluster: Cluster; readonly listing: Promise<Listing<Job>> } {
    if (this.#begun === undefined) throw new Error('the sweep was opened without its cluster');
    return this.#begun;
  }

  [Symbol.dispose](): void {
    this.#asking.abort();
    this.#begun?.cluster[Symbol.dispose]();
  }
}

import { isApiError } from './api-error.ts';
import { metadataOfList, type NamespaceApi } from './namespace-api.ts';
import { jobs, type KubeObject, pods } from './objects.ts';
import { type Owner, ownerSelector } from './owner.ts';
import { jobOfPod } from './pods-of-job.ts';
import { deletionPatience } from './remove-object.ts';

/**
 * Pods that still run while their Job is gone: one that was stopped while it replaced Jobs leaves them, or somebody who
 * deleted a Job. They have their grace period to save what they have, and what a trial that runs again writes is
 * not to be mixed with that.
 */
export class LeavingPods {
  readonly #api: NamespaceApi;
  readonly #owner: Owner;
  #running: Promise<ReadonlyMap<string | undefined, readonly KubeObject[]>> | undefined;

  constructor(api: NamespaceApi, owner: Owner) {
    this.#api = api;
    this.#owner = owner;
  }

  /**
   * Waits for those of a Job that is not there. All are asked for once, when the first is to be known.
   *
   * @throws ApiError
   */
  async waitFor(job: string, signal: AbortSignal): Promise<void> {
    this.#running ??= this.#list(signal);
    const left = (await this.#running).get(job) ?? [];
    // Another run of the toolbox may have created it since.
    if (left.length === 0 || (await this.#api.get(jobs, job, signal)) !== undefined) return;
    for (const pod of left) await this.#waitForEnd(pod, signal);
  }

  async #list(signal: AbortSignal): Promise<ReadonlyMap<string | undefined, readonly KubeObject[]>> {
    const select = { labels: ownerSelector(this.#owner), fields: 'status.phase=Running' };
    const { items } = await this.#api.list(pods, select, signal, metadataOfList).catch((error) => {
      // Who may create Jobs may yet not look at pods.
      if (isApiError(error, 'Forbidden')) return { items: [] };
      throw error;
    });
    return Map.groupBy(items, jobOfPod);
  }

  async #waitForEnd({ metadata: { name, uid } }: KubeObject, signal: AbortSignal): Promise<void> {
    const { policy } = this.#api.client;
    const start = policy.now();
    for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
      const there = await this.#api.get(pods, name, signal);
      if (there?.metadata.uid !== uid || there.status?.phase !== 'Running') return;
      const grace = (there.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
      if (policy.now() - start > deletionPatience + grace) return;
      await policy.sleep(wait, signal);
    }
  }
}

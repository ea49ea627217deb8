import type { JobSpec } from '../../matrix/job-spec.ts';
import { readPack } from '../../matrix/pack.ts';
import { isApiError } from './api-error.ts';
import { metadataOfList, type NamespaceApi } from './namespace-api.ts';
import { jobs, type KubeObject, pods } from './objects.ts';
import { type Owner, ownerSelector } from './owner.ts';
import { jobOfPod } from './pods-of-job.ts';
import { deletionPatience } from './remove-object.ts';

/** Milliseconds after its grace period in which a node that lives has removed a pod. */
const overdue = 60_000;

/**
 * Pods that still run while their Job is gone: one that was stopped while it replaced Jobs leaves them, or somebody who
 * deleted a Job. They have their grace period to save what they have, and what a trial that runs again writes is
 * not to be mixed with that.
 */
export class LeavingPods {
  readonly #api: NamespaceApi;
  readonly #owner: Owner;
  readonly #notice: (sentence: string) => void;
  #running: Promise<ReadonlyMap<string, readonly KubeObject[]>> | undefined;
  #isTold = false;

  /** @param notice told once that there are some, and of each that is waited for in vain */
  constructor(api: NamespaceApi, owner: Owner, notice: (sentence: string) => void) {
    this.#api = api;
    this.#owner = owner;
    this.#notice = notice;
  }

  /**
   * Waits for those that run a trial of a Job that is not there. All are asked for once, when the first is to be known.
   *
   * @throws ApiError
   */
  async waitFor({ name, fields }: JobSpec, signal: AbortSignal): Promise<void> {
    this.#running ??= this.#list(signal);
    const running = await this.#running;
    const trials = [name, ...(readPack(fields.annotations) ?? []).map((trial) => trial.name)];
    const found = new Set(trials.flatMap((trial) => running.get(trial) ?? []));
    // Another run of the toolbox may have created it since.
    if (found.size === 0 || (await this.#api.get(jobs, name, signal)) !== undefined) return;
    await Promise.all([...found].map((pod) => this.#waitForEnd(pod, signal)));
  }

  /** By their trials, packed ones by each. */
  async #list(signal: AbortSignal): Promise<ReadonlyMap<string, readonly KubeObject[]>> {
    const select = { labels: ownerSelector(this.#owner), fields: 'status.phase=Running' };
    const { items } = await this.#api.list(pods, select, signal, metadataOfList).catch((error) => {
      // Who may create Jobs may yet not look at pods.
      if (isApiError(error, 'Forbidden')) return { items: [] };
      throw error;
    });
    const byTrial = new Map<string, KubeObject[]>();
    for (const pod of items) {
      const trials = [jobOfPod(pod), ...(readPack(pod.metadata.annotations) ?? []).map(({ name }) => name)];
      for (const trial of trials)
        if (trial !== undefined) byTrial.set(trial, [...(byTrial.get(trial) ?? []), pod]);
    }
    return byTrial;
  }

  async #waitForEnd(pod: KubeObject, signal: AbortSignal): Promise<void> {
    const { name, uid, ownerReferences } = pod.metadata;
    const owner = ownerReferences?.find(({ kind }) => kind === 'Job');
    const job = owner === undefined ? undefined : await this.#api.get(jobs, owner.name, signal);
    if (job !== undefined && job.metadata.uid === owner?.uid) return;
    const { policy } = this.#api.client;
    const start = policy.now();
    for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
      const there = await this.#api.get(pods, name, signal);
      if (there?.metadata.uid !== uid || there.status?.phase !== 'Running') return;
      const grace = (there.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
      // The time at which it was to be gone: a node that is lost removes nothing.
      const late = this.#api.client.serverTime() - Date.parse(there.metadata.deletionTimestamp ?? '');
      if (late > overdue || policy.now() - start > deletionPatience + grace) {
        this.#notice(`pod "${name}" does not end though its Job is gone; its trial is created beside it`);
        return;
      }
      if (!this.#isTold) this.#notice(`waiting for pod "${name}", and others whose Jobs are gone, to end`);
      this.#isTold = true;
      await policy.sleep(wait, signal);
    }
  }
}

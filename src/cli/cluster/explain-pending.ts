import type { Context } from '../../context.ts';
import { ApiError, isApiError, isOutage } from '../../executors/kubernetes/api-error.ts';
import { type JobView, judgeJob } from '../../executors/kubernetes/job-state.ts';
import { type Job, type Pod, pods } from '../../executors/kubernetes/objects.ts';
import { ownerSelector } from '../../executors/kubernetes/owner.ts';
import { formatTroubles } from '../../report/troubles.ts';
import { jobUidOf } from './log-targets.ts';
import type { Cluster } from './open-cluster.ts';
import { isEventful, readEvents } from './read-events.ts';

/** Says why Jobs are pending, as `make status` does, once for each Job and reason. */
export class ExplainPending {
  readonly #cluster: Cluster;
  readonly #json: boolean;
  readonly #context: Context;
  /** What has been said. */
  readonly #told = new Set<string>();

  constructor(cluster: Cluster, { json }: { readonly json: boolean }, context: Context) {
    this.#cluster = cluster;
    this.#json = json;
    this.#context = context;
  }

  /** @returns UIDs of the Jobs that run */
  async look(pending: readonly Job[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const views = await this.#judge(pending, signal);
    this.#say(views.filter(({ observation: { state } }) => state === 'pending'));
    return new Set(views.filter(({ observation: { state } }) => state === 'running').map(({ uid }) => uid));
  }

  /** A cluster in trouble is asked again at the next look. Who waits may not be who may list pods. */
  async #judge(pending: readonly Job[], signal: AbortSignal): Promise<readonly JobView[]> {
    const { api, owner } = this.#cluster;
    try {
      // Of a sweep, most pods have ended.
      const fields = 'status.phase!=Succeeded,status.phase!=Failed';
      const { items } = await api.list(pods, { labels: ownerSelector(owner), fields }, signal);
      const byJob: ReadonlyMap<string | undefined, readonly Pod[]> = Map.groupBy(items, jobUidOf);
      const podsOf = ({ metadata: { uid } }: Job): readonly Pod[] => byJob.get(uid) ?? [];
      const views = pending.map((job) => judgeJob(job, podsOf(job)));
      if (!views.some(isEventful)) return views;
      const events = await readEvents(api, signal);
      return pending.map((job) => judgeJob(job, podsOf(job), events));
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError || isOutage(error))) throw error;
      const isRunning = ({ observation: { state } }: JobView): boolean => state === 'running';
      return isApiError(error, 'Forbidden') ? pending.map((job) => judgeJob(job)).filter(isRunning) : [];
    }
  }

  #say(waiting: readonly JobView[]): void {
    const groups = Map.groupBy(waiting, ({ observation }) => observation.reason ?? '');
    const fresh = [...groups].filter(
      ([reason, members]) => reason !== '' && members.some(({ uid }) => !this.#told.has(`${uid} ${reason}`)),
    );
    for (const [reason, members] of fresh) for (const { uid } of members) this.#told.add(`${uid} ${reason}`);
    const { stdout, stderr } = this.#context;
    if (this.#json)
      for (const [reason, members] of fresh) {
        const names = members.map(({ observation }) => observation.name);
        stdout.write(`${JSON.stringify({ type: 'pending', reason, names })}\n`);
      }
    else {
      const observations = fresh.flatMap(([, members]) => members.map(({ observation }) => observation));
      for (const line of formatTroubles(observations)) stderr.write(`${line}\n`);
    }
  }
}

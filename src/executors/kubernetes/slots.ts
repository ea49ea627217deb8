import { readPack } from '../../matrix/pack.ts';
import { isApiError } from './api-error.ts';
import { queueLabel, slotAnnotation } from './job-state.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { type Job, jobs, type ObjectMeta } from './objects.ts';

/** A Job, or what is to become one. */
interface Labelled {
  readonly metadata: Pick<ObjectMeta, 'labels'>;
}

/**
 * The Jobs to start so that at most `max_parallel` of a sweep run: those that wait for a slot, oldest first.
 * Pure, and the same for everybody who looks at the same moment: two machines start the same Jobs, not two
 * different ones, and so never one too many. (Two launches of different trials that begin in the same moment can be:
 * each sees none of the other's.) Jobs of a queue have no part in it: the queue starts and suspends them.
 *
 * @param max from the project's files; without it, what the Jobs themselves say
 */
export function jobsToStart(all: readonly Job[], max: number | undefined): readonly Job[] {
  const alive = all.filter(
    (job) => job.metadata.deletionTimestamp === undefined && !hasEnded(job) && !isQueued(job),
  );
  const waiting = alive.filter(waitsForSlot).sort(byAge);
  const running = alive.filter((job) => job.spec?.suspend !== true).length;
  return waiting.slice(0, Math.max(0, (max ?? limitOf(waiting) ?? 0) - running));
}

/** What the Jobs that wait for a slot say of how many there are; `undefined` when none waits. */
export function limitOf(all: readonly Job[]): number | undefined {
  const waiting = all.filter((job) => waitsForSlot(job) && job.metadata.deletionTimestamp === undefined);
  const limits = waiting.map((job) => Number(job.metadata.annotations?.[slotAnnotation]) || 0);
  return limits.length === 0 ? undefined : Math.max(...limits);
}

/**
 * Names of the Jobs that have the slots which others wait for; none where none waits. Not of packs, which are called
 * otherwise than their trials.
 */
export function holdersOf(all: readonly Job[]): readonly string[] {
  if (limitOf(all) === undefined) return [];
  return all.filter((job) => holdsSlot(job) && !isPack(job)).map((job) => job.metadata.name);
}

function isPack(job: Job): boolean {
  return readPack(job.metadata.annotations) !== undefined;
}

/** Starts them; those that are gone meanwhile are left out. Returns the Jobs as they are now. */
export async function startJobs(
  api: NamespaceApi,
  ready: readonly Job[],
  signal: AbortSignal,
): Promise<readonly Job[]> {
  const started = await Promise.all(
    ready.map(async (job) => {
      // The UID makes it conditional on this Job and not on a later one of its name.
      const patch = {
        metadata: { uid: job.metadata.uid, annotations: { [slotAnnotation]: null } },
        spec: { suspend: false },
      };
      try {
        return await api.patch<Job>(jobs, job.metadata.name, patch, signal);
      } catch (error) {
        if (isApiError(error, 'NotFound', 'Conflict')) return undefined;
        throw error;
      }
    }),
  );
  return started.filter((job) => job !== undefined);
}

function waitsForSlot(job: Job): boolean {
  const isAsked = job.metadata.annotations?.[slotAnnotation] !== undefined;
  return job.spec?.suspend === true && isAsked && !isQueued(job);
}

function isQueued(job: Labelled): boolean {
  return job.metadata.labels?.[queueLabel] !== undefined;
}

export function hasEnded(job: Job): boolean {
  return (job.status?.conditions ?? []).some(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
}

function byAge(a: Job, b: Job): number {
  return (
    a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) ||
    // In the order of the plan, mostly: seed-3 before seed-10.
    a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true })
  );
}

/** The slots of `max_parallel` while Jobs are created and removed. */
export class Slots {
  readonly #limit: number | undefined;
  /** Jobs that had a slot at the beginning, by UID. */
  readonly #holders: Map<string, Job>;
  #free: number;
  /** Jobs that a queue was left to start. */
  #queued = 0;
  /** Whether a Job has been created, or found, that waits for a slot. */
  #hasWaiting = false;
  /** Whether there was one at the beginning. */
  readonly #hadWaiting: boolean;

  /** @param limit without it, there is no end of slots */
  constructor(limit: number | undefined, all: readonly Job[]) {
    this.#limit = limit;
    this.#holders = new Map(all.filter(holdsSlot).map((job) => [job.metadata.uid, job]));
    // One that has been started since is there twice.
    this.#hadWaiting = all.some((job) => waitsForSlot(job) && !this.#holders.has(job.metadata.uid));
    this.#free = Math.max(0, (limit ?? Number.POSITIVE_INFINITY) - this.#holders.size);
  }

  /** Slots are free that Jobs wait for. */
  get hasIdle(): boolean {
    return this.#free > 0 && this.#hasWaiting;
  }

  /** Names of Jobs that have had a slot all along, where others wait for one; not of packs, see {@link holdersOf}. */
  get holders(): readonly string[] {
    if (!this.#hasWaiting && !this.#hadWaiting) return [];
    return [...this.#holders.values()].filter((job) => !isPack(job)).map((job) => job.metadata.name);
  }

  /** Jobs created for a queue, which `limit` does not count. */
  get queued(): number {
    return this.#limit === undefined ? 0 : this.#queued;
  }

  /** For a Job that is created: `undefined` when it may run, else the limit, to be told to whoever starts it later. */
  enter(job: Labelled): number | undefined {
    if (isQueued(job)) {
      this.#queued += 1;
      return undefined;
    }
    if (this.#free > 0) {
      this.#free -= 1;
      return undefined;
    }
    this.#hasWaiting = true;
    return this.#limit;
  }

  /** The creation that was told `limit` has failed. */
  giveUp(job: Labelled, limit: number | undefined): void {
    if (isQueued(job)) this.#queued -= 1;
    else if (limit === undefined) this.#free += 1;
  }

  /** The creation that was told `limit` has found a Job that somebody else has created. */
  turnOutAs(job: Job, limit: number | undefined): void {
    if (waitsForSlot(job)) this.#hasWaiting = true;
    if (!holdsSlot(job)) this.giveUp(job, limit);
  }

  /** A Job is gone. */
  leave(job: Job): void {
    if (this.#holders.delete(job.metadata.uid)) this.#free += 1;
  }
}

function holdsSlot(job: Job): boolean {
  return !hasEnded(job) && job.spec?.suspend !== true && !isQueued(job);
}

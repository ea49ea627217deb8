import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { annotationNames, ownSupport, supportLabel } from '../../render/owner-labels.ts';
import type { KubernetesObject, RenderedObject } from '../../render/rendered-object.ts';
import type { RenderedWorkload } from '../../render/renderer.ts';
import { ApiError, isApiError } from './api-error.ts';
import { slotAnnotation } from './job-state.ts';
import { type NamespaceApi, refused } from './namespace-api.ts';
import { type Job, jobs, type KubeObject, resourceOf } from './objects.ts';
import { describeOwner, isOurs, type Owner } from './owner.ts';
import { deletionPatience } from './remove-object.ts';

/** Times that a name may be taken and free again in turn before that is an error. */
const mostRounds = 10;

/** How a submission went; errors of the server are thrown. */
export type Submitted =
  | { readonly created: true; readonly job: Job }
  /** There already, ours and the same; another run of the toolbox was faster, or an answer was lost. */
  | { readonly created: false; readonly job: Job };

/** Creates rendered workloads with what they need, sharing the needs among them. */
export class JobSubmitter {
  readonly #api: NamespaceApi;
  readonly #owner: Owner;
  readonly #prepare: () => Promise<void>;
  readonly #applied = new Map<RenderedObject, Promise<void>>();
  #prepared: Promise<void> | undefined;

  /** @param prepare what must be done before the first workload is created, and only then */
  constructor(api: NamespaceApi, owner: Owner, prepare: () => Promise<void> = async () => undefined) {
    this.#api = api;
    this.#owner = owner;
    this.#prepare = prepare;
  }

  /** Names of the Secrets, ConfigMaps and Services applied so far. */
  get appliedNames(): ReadonlySet<string> {
    return new Set([...this.#applied.keys()].map((each) => each.name));
  }

  /**
   * Creates a Job after what it needs, suspended when it must wait for a slot. Idempotent.
   *
   * @param slots value of `max_parallel` when the Job is to wait for a slot
   * @throws DiagnosticError KUBE_NAME_TAKEN when the name belongs to somebody else
   * @throws ApiError
   */
  async submit(
    workload: RenderedWorkload,
    slots: number | undefined,
    signal: AbortSignal,
  ): Promise<Submitted> {
    this.#prepared ??= this.#prepare();
    await this.#prepared;
    await Promise.all(workload.support.map((object) => this.#applyOnce(object, signal)));
    const object =
      slots === undefined ? workload.workload.object : suspended(workload.workload.object, slots);
    const wanted = object.metadata.annotations?.[annotationNames.fingerprint];
    const isSame = (there: Job): boolean =>
      isOurs(there, this.#owner) &&
      there.metadata.deletionTimestamp === undefined &&
      there.metadata.annotations?.[annotationNames.fingerprint] === wanted;
    for (let round = 1; ; round += 1) {
      try {
        const answer = await this.#api.create<Job>(jobs, object, isSame, signal);
        if (!answer.created) return { created: false, job: answer.object };
        return {
          created: true,
          get job() {
            return answer.object;
          },
        };
      } catch (error) {
        if (!isApiError(error, 'AlreadyExists')) throw error;
        const there = await this.#api.get(jobs, workload.name, signal);
        if (there === undefined && round < mostRounds) continue;
        if (there === undefined) throw error;
        if (!isOurs(there, this.#owner)) throw nameTaken('Job', workload.name, this.#owner, there);
        if (there.metadata.deletionTimestamp === undefined) return { created: false, job: there };
        // Another run of the toolbox is replacing it: the name is free in a moment.
        const target = { name: workload.name, uid: there.metadata.uid };
        await this.#api.waitUntilGone(jobs, target, { patience: deletionPatience }, signal);
      }
    }
  }

  /** Makes what a workload needs again, of these names; what all workloads share is prepared again, too. */
  async restore(workload: RenderedWorkload, names: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const own = workload.support.filter((object) => names.has(object.name));
    if (own.length < names.size) await this.#prepare();
    await Promise.all(own.map((object) => applyObject(this.#api, this.#owner, object.object, signal)));
  }

  #applyOnce(object: RenderedObject, signal: AbortSignal): Promise<void> {
    const pending =
      this.#applied.get(object) ??
      applyObject(this.#api, this.#owner, object.object, signal).catch((error: unknown) => {
        throw error instanceof DiagnosticError ? new NeedRefused(object, error) : error;
      });
    this.#applied.set(object, pending);
    return pending;
  }
}

/** The server refused something that a workload needs: it is told by its own name, not the workload's. */
export class NeedRefused extends DiagnosticError {
  /** No other workload needs it; the same would be said of every other one. */
  readonly isOwn: boolean;

  constructor({ kind, name, object }: RenderedObject, error: DiagnosticError) {
    const told =
      error instanceof ApiError
        ? refused(`${kind} "${name}" cannot be created`, error).diagnostics
        : undefined;
    super(told ?? error.diagnostics, error.exitCode);
    this.isOwn = kind === 'Service' || object.metadata.labels?.[supportLabel] === ownSupport;
  }
}

/** Secrets and ConfigMaps are named by their content: one of that name with our labels is the right one. */
export async function applyObject(
  api: NamespaceApi,
  owner: Owner,
  object: KubernetesObject,
  signal: AbortSignal,
): Promise<void> {
  const resource = resourceOf(object.kind);
  const { name } = object.metadata;
  try {
    await api.create(resource, object, (there) => isOurs(there, owner), signal);
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error;
    throw nameTaken(object.kind, name, owner, await api.get(resource, name, signal));
  }
}

function suspended(job: RenderedObject['object'], slots: number): RenderedObject['object'] {
  return {
    ...job,
    metadata: {
      ...job.metadata,
      annotations: { ...job.metadata.annotations, [slotAnnotation]: String(slots) },
    },
    spec: { ...(job['spec'] as object), suspend: true },
  };
}

/** An object of our name that is not ours: told with both, never touched. */
export function nameTaken(
  kind: string,
  name: string,
  owner: Owner,
  there: KubeObject | undefined,
): DiagnosticError {
  const whose = there === undefined ? 'it is gone again by now' : describeOwner(there);
  return new DiagnosticError(
    errorDiagnostic(
      'KUBE_NAME_TAKEN',
      `${kind} "${name}" of user=${owner.user}, project=${owner.project} cannot be created: the name is taken by one that is not ours (${whose})`,
      { hint: 'set another prefix in kube.yaml, or ask its owner to remove it' },
    ),
    3,
  );
}

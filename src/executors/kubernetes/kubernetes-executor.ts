import { type Diagnostic, DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { manifestName } from '../../render/manifest-name.ts';
import type { RenderedWorkload, Renderer } from '../../render/renderer.ts';
import type { Executor, Handle, Observation, Outcome, PreparedJob } from '../executor.ts';
import { judgeJob } from './job-state.ts';
import type { Listing } from './list-pages.ts';
import { type NamespaceApi, throwRefused } from './namespace-api.ts';
import { type Job, jobs, type Pod } from './objects.ts';
import { isOurs, type Owner, ownerSelector } from './owner.ts';
import { readPodLog } from './pod-log.ts';
import { podsOfJob } from './pods-of-job.ts';
import { removeObject } from './remove-object.ts';
import { executorName } from './run-outcome.ts';
import { hasEnded } from './slots.ts';
import { JobSubmitter, nameTaken } from './submit-job.ts';
import { waitForJobs } from './wait.ts';

/** A trial's Job with what it needs, rendered and checked. */
export interface PreparedKubernetesJob extends PreparedJob {
  readonly workload: RenderedWorkload;
}

export interface KubernetesHandle extends Handle {
  /** The Job that was there already, with this fingerprint or another; absent where it was created now. */
  readonly found?: Job;
}

export interface KubernetesExecutorOptions {
  readonly api: NamespaceApi;
  readonly owner: Owner;
  readonly renderer: Renderer;
  /** Done once before the first Job is created, and only then. */
  readonly before?: (() => Promise<void>) | undefined;
  /** Told of each warning about a manifest once, however many trials have it. */
  readonly warn?: (warning: Diagnostic) => void;
}

/** Milliseconds between two looks for the pod of a Job whose output is followed. */
const podInterval = 1000;

/**
 * One Job a trial. What is about many trials at once has a function of its own beside it: `launch` decides and
 * submits through this class, `waitForJobs` follows a sweep by one watch.
 */
export class KubernetesExecutor implements Executor<PreparedKubernetesJob> {
  readonly name = executorName;
  readonly api: NamespaceApi;
  readonly owner: Owner;
  readonly #renderer: Renderer;
  readonly #submitter: JobSubmitter;
  readonly #warn: (warning: Diagnostic) => void;
  readonly #warned = new Set<string>();

  constructor({ api, owner, renderer, before, warn }: KubernetesExecutorOptions) {
    this.api = api;
    this.owner = owner;
    this.#renderer = renderer;
    this.#warn = warn ?? (() => undefined);
    this.#submitter = new JobSubmitter(api, owner, before);
  }

  /** Names of the Secrets, ConfigMaps and Services applied so far. */
  get appliedNames(): ReadonlySet<string> {
    return this.#submitter.appliedNames;
  }

  /** @throws DiagnosticError (exit 2) with what is wrong in the manifest */
  prepare(spec: JobSpec): PreparedKubernetesJob {
    const rendered = this.#renderer.job(spec);
    if (!rendered.ok) throw new DiagnosticError(rendered.diagnostics, ExitCode.usage);
    for (const warning of rendered.diagnostics) {
      if (this.#warned.has(warning.message)) continue;
      this.#warned.add(warning.message);
      this.#warn(warning);
    }
    const { value: workload } = rendered;
    return {
      spec,
      workload,
      get files() {
        return manifestsOf(workload);
      },
    };
  }

  /** Everything of this user and project as the cluster has it. @throws ApiError */
  listJobs(signal: AbortSignal): Promise<Listing<Job>> {
    return listJobs(this.api, this.owner, signal);
  }

  async list(signal: AbortSignal): Promise<ReadonlyMap<string, Observation>> {
    const { items } = await this.listJobs(signal).catch((error) =>
      throwRefused('the Jobs cannot be listed', error),
    );
    return new Map(items.map((job) => [job.metadata.name, judgeJob(job).observation]));
  }

  /**
   * @param slots value of `max_parallel` when the Job is to wait for a slot: it is created suspended
   * @throws DiagnosticError whose cause is the server's own answer, where it refused
   */
  async submit(job: PreparedKubernetesJob, signal: AbortSignal, slots?: number): Promise<KubernetesHandle> {
    signal.throwIfAborted();
    const { name } = job.workload;
    const submitted = await this.#submitter
      .submit(job.workload, slots, signal)
      .catch((error) => throwRefused(`Job "${name}" cannot be created`, error));
    if (!submitted.created) return { name, uid: submitted.job.metadata.uid, found: submitted.job };
    // Most callers ask for no UID, and the answer is not parsed then.
    return {
      name,
      get uid() {
        return submitted.job.metadata.uid;
      },
    };
  }

  /** Asks the server whether it takes the Job, before another is removed for it. @throws DiagnosticError, as `submit` */
  async tryCreate({ workload }: PreparedKubernetesJob, signal: AbortSignal): Promise<void> {
    await this.api
      .tryCreate(jobs, workload.workload.object, signal)
      .catch((error) => throwRefused(`Job "${workload.name}" cannot be created`, error));
  }

  /** Makes objects of these names again that the Job needs and somebody has deleted. @throws DiagnosticError */
  async restore(job: PreparedKubernetesJob, names: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    await this.#submitter
      .restore(job.workload, names, signal)
      .catch((error) => throwRefused(`what Job "${job.workload.name}" needs cannot be created`, error));
  }

  /** Starts Jobs that wait for a slot as slots become free, since this one may be among them. */
  async wait(handle: Handle, signal: AbortSignal): Promise<Outcome> {
    let outcome: Outcome | undefined;
    await waitForJobs({
      api: this.api,
      owner: this.owner,
      names: new Set([handle.name]),
      maxParallel: undefined,
      report: () => undefined,
      ended({ observation, uid }) {
        if (handle.uid === undefined || handle.uid === uid) outcome = outcomeOf(observation);
      },
      signal,
    }).catch((error) => throwRefused(`Job "${handle.name}" cannot be followed`, error));
    return outcome ?? { state: 'failed', reason: 'the Job is gone: somebody deleted it' };
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    const { name } = handle;
    try {
      const there = await this.api.get(jobs, name, signal);
      if (there === undefined || (handle.uid ?? there.metadata.uid) !== there.metadata.uid) return;
      if (!isOurs(there, this.owner)) throw nameTaken('Job', name, this.owner, there);
      await removeObject(this.api, jobs, { name, uid: there.metadata.uid }, signal);
    } catch (error) {
      throwRefused(`Job "${name}" cannot be deleted`, error);
    }
  }

  /** Of several attempts the last, of several nodes the first. Followed, it waits for the pod to be created. */
  async *logs(
    handle: Handle,
    options: { readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    try {
      const pod = await this.#podOf(handle.name, options, signal);
      if (pod === undefined) return;
      const container = pod.spec?.containers?.[0]?.name;
      yield* readPodLog(this.api, pod.metadata.name, { ...options, container }, signal);
    } catch (error) {
      throwRefused(`the output of Job "${handle.name}" cannot be read`, error);
    }
  }

  async #podOf(
    name: string,
    { follow }: { readonly follow: boolean },
    signal: AbortSignal,
  ): Promise<Pod | undefined> {
    for (;;) {
      const job = await this.api.get(jobs, name, signal);
      if (job === undefined) return undefined;
      const found = await podsOfJob(this.api, job, signal);
      if (found.length > 0) return latestPod(found);
      if (!follow || hasEnded(job)) return undefined;
      await this.api.client.policy.sleep(podInterval, signal);
    }
  }
}

/** The same before there is a renderer: it can be asked for while the manifests are made ready. */
export function listJobs(api: NamespaceApi, owner: Owner, signal: AbortSignal): Promise<Listing<Job>> {
  return api.list(jobs, { labels: ownerSelector(owner) }, signal);
}

/** Secrets are left out, as they are of `build/`. */
function manifestsOf({ workload, support }: RenderedWorkload): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const object of [...support, workload]) {
    const name = manifestName(object);
    if (name !== undefined) files.set(`${name}.yaml`, object.text);
  }
  return files;
}

function latestPod(found: readonly Pod[]): Pod | undefined {
  const node = (pod: Pod): number =>
    Number(pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'] ?? 0);
  return [...found]
    .sort(
      (a, b) => node(b) - node(a) || a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp),
    )
    .at(-1);
}

function outcomeOf({ state, exitCode, reason }: Observation): Outcome {
  return {
    state: state === 'succeeded' || state === 'timeout' ? state : 'failed',
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(reason === undefined ? {} : { reason }),
  };
}

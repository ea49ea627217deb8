import { randomBytes, randomUUID } from 'node:crypto';
import { kinds } from './kubernetes-api-kinds.ts';
import type { ApiObject, Store } from './kubernetes-api-store.ts';

/** What becomes of a Job or Pod once it may run. */
export type Fate =
  /** No controller looks at it: the object stays as it was created. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'unschedulable'; readonly message?: string }
  | { readonly kind: 'creating' }
  | { readonly kind: 'image-error'; readonly reason?: string; readonly message?: string }
  | { readonly kind: 'running'; readonly log?: string }
  | { readonly kind: 'succeeded'; readonly log?: string }
  | {
      readonly kind: 'failed';
      readonly exitCode?: number;
      readonly log?: string;
      readonly failedIndexes?: readonly number[];
      /** What the container wrote to its termination log. */
      readonly lastWords?: string;
    }
  /** Decided by the Job's controller, while the pods have their grace period. */
  | { readonly kind: 'failing' }
  | { readonly kind: 'oom'; readonly log?: string }
  | { readonly kind: 'evicted'; readonly message?: string }
  | { readonly kind: 'deadline'; readonly log?: string };

/** A container's output: lines with their time (RFC 3339 with nanoseconds), and whether more may come. */
export interface ContainerLog {
  /** A line's bytes come `repeat` times, one stamp before them. */
  readonly lines: { readonly time: string; readonly bytes: Buffer; readonly repeat?: number }[];
  ended: boolean;
  readonly readers: Set<() => void>;
}

/** Job controller, scheduler and kubelet in one: moves objects to the state a test asks for. */
export class Simulation {
  readonly #store: Store;
  /** `namespace/pod` → container → output. */
  readonly #logs = new Map<string, Map<string, ContainerLog>>();
  /** Decides for Jobs and bare Pods that may run; changed by tests at any time. */
  fate: (object: ApiObject) => Fate = () => ({ kind: 'ignored' });

  constructor(store: Store) {
    this.#store = store;
    store.listen((change) => {
      if (change.type === 'DELETED') return;
      if (change.plural === 'jobs') this.#sync(change.object);
      if (change.plural === 'pods' && change.type === 'ADDED') this.#syncPod(change.object);
    });
  }

  /** Moves one Job on, whatever {@link fate} says of it. */
  move(namespace: string, name: string, fate: Fate): void {
    const job = this.#store.get('jobs', namespace, name);
    if (job === undefined) throw new Error(`no Job ${name} to move`);
    this.#play(job, fate);
  }

  movePod(namespace: string, name: string, fate: Fate): void {
    const pod = this.#store.get('pods', namespace, name);
    if (pod === undefined) throw new Error(`no Pod ${name} to move`);
    this.#store.update('pods', pod, (copy) => this.#applyPod(copy, fate));
  }

  /** The pods of the Job of that name that is there now, not of one before it. */
  podsOf(namespace: string, name: string): ApiObject[] {
    const uid = this.#store.get('jobs', namespace, name)?.metadata.uid;
    return this.#store
      .list('pods', namespace)
      .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true);
  }

  log(namespace: string, pod: string, container = 'main'): ContainerLog {
    const key = `${namespace}/${pod}`;
    const containers = this.#logs.get(key) ?? new Map<string, ContainerLog>();
    this.#logs.set(key, containers);
    const log = containers.get(container) ?? { lines: [], ended: false, readers: new Set<() => void>() };
    containers.set(container, log);
    return log;
  }

  hasLog(namespace: string, pod: string, container: string): boolean {
    return this.#logs.get(`${namespace}/${pod}`)?.has(container) === true;
  }

  /** Appends whole lines; a text without a final newline is a line that was cut off by the end. */
  write(namespace: string, pod: string, text: string, container = 'main', time?: string): void {
    const log = this.log(namespace, pod, container);
    for (const line of text.split(/(?<=\n)/)) {
      // Milliseconds of the clock, and an order among the lines of one.
      const nanoseconds = `${String(Date.now() % 1000).padStart(3, '0')}${String(log.lines.length % 1_000_000).padStart(6, '0')}`;
      log.lines.push({
        time: time ?? this.#store.now().replace('Z', `.${nanoseconds}Z`),
        bytes: Buffer.from(line),
      });
    }
    for (const wake of [...log.readers]) wake();
  }

  endLog(namespace: string, pod: string, container = 'main'): void {
    const log = this.log(namespace, pod, container);
    log.ended = true;
    for (const wake of [...log.readers]) wake();
  }

  #sync(job: ApiObject): void {
    if (job.metadata.deletionTimestamp !== undefined) return;
    const conditions: { type: string; status: string }[] = job['status']?.conditions ?? [];
    if (
      conditions.some(
        (each) => (each.type === 'Complete' || each.type === 'Failed') && each.status === 'True',
      )
    )
      return;
    const isSuspended = conditions.some((each) => each.type === 'Suspended' && each.status === 'True');
    if (job['spec'].suspend === true) {
      if (!isSuspended) queueMicrotask(() => this.#suspend(job.metadata.namespace ?? '', job.metadata.name));
      return;
    }
    if (job['status']?.startTime !== undefined) return;
    const fate = this.fate(job);
    if (fate.kind !== 'ignored') queueMicrotask(() => this.#begin(job, fate));
  }

  #begin(job: ApiObject, fate: Fate): void {
    const current = this.#store.get('jobs', job.metadata.namespace, job.metadata.name);
    if (current?.metadata.uid === job.metadata.uid && current['status']?.startTime === undefined)
      this.#play(current, fate);
  }

  #suspend(namespace: string, name: string): void {
    const job = this.#store.get('jobs', namespace, name);
    if (job === undefined || job['spec'].suspend !== true) return;
    if (
      (job['status'].conditions ?? []).some(
        (each: { type: string; status: string }) => each.type === 'Suspended' && each.status === 'True',
      )
    )
      return;
    for (const pod of this.podsOf(namespace, name)) this.#store.remove('pods', pod);
    this.#store.update('jobs', job, (copy) => {
      copy['status'] = {
        conditions: [this.#condition('Suspended', 'JobSuspended', 'Job suspended')],
        terminating: 0,
        uncountedTerminatedPods: {},
        ready: 0,
      };
    });
  }

  #play(job: ApiObject, fate: Fate): void {
    const namespace = job.metadata.namespace ?? '';
    const name = job.metadata.name;
    if (fate.kind === 'ignored') return;
    const count = job['spec'].completionMode === 'Indexed' ? (job['spec'].completions ?? 1) : 1;
    if (this.podsOf(namespace, name).length === 0)
      for (let index = 0; index < count; index += 1) this.#addPod(job, index, fate);
    this.podsOf(namespace, name).forEach((pod, index) => {
      const hasFailed = fate.kind !== 'failed' || (fate.failedIndexes ?? [index]).includes(index);
      this.#store.update('pods', pod, (copy) =>
        this.#applyPod(copy, hasFailed ? fate : { kind: 'succeeded' }),
      );
    });
    const latest = this.#store.get('jobs', namespace, name);
    if (latest !== undefined) this.#store.update('jobs', latest, (copy) => this.#applyJob(copy, fate, count));
  }

  #applyJob(job: ApiObject, fate: Fate, count: number): void {
    const status = job['status'];
    status.startTime ??= this.#store.now();
    const isActive = ['unschedulable', 'creating', 'image-error', 'running', 'failing'].includes(fate.kind);
    const old = (status.conditions ?? []).filter((each: { type: string }) => each.type !== 'Suspended');
    const resumed =
      (status.conditions ?? []).length > old.length
        ? [{ ...this.#condition('Suspended', 'JobResumed', 'Job resumed'), status: 'False' }]
        : [];
    const failed = fate.kind === 'failed' ? (fate.failedIndexes?.length ?? count) : count;
    Object.assign(status, {
      active: isActive ? count : undefined,
      ready: fate.kind === 'running' ? count : 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    const reason: readonly [string, string] =
      fate.kind === 'deadline'
        ? ['DeadlineExceeded', 'Job was active longer than specified deadline']
        : fate.kind === 'failed' && fate.failedIndexes !== undefined
          ? ['FailedIndexes', 'Job has failed indexes']
          : ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'];
    if (fate.kind === 'succeeded') {
      status.completionTime = this.#store.now();
      status.succeeded = count;
      status.conditions = [
        ...resumed,
        this.#condition(
          'SuccessCriteriaMet',
          'CompletionsReached',
          'Reached expected number of succeeded pods',
        ),
        this.#condition('Complete', 'CompletionsReached', 'Reached expected number of succeeded pods'),
      ];
    } else if (!isActive) {
      status.failed = failed;
      if (count > failed) status.succeeded = count - failed;
      if (fate.kind === 'failed' && fate.failedIndexes !== undefined)
        status.failedIndexes = fate.failedIndexes.join(',');
      status.conditions = [
        ...resumed,
        this.#condition('FailureTarget', ...reason),
        this.#condition('Failed', ...reason),
      ];
    } else if (fate.kind === 'failing')
      status.conditions = [...resumed, this.#condition('FailureTarget', ...reason)];
    else status.conditions = resumed.length > 0 ? resumed : undefined;
  }

  #addPod(job: ApiObject, index: number, fate: Fate): void {
    const template = job['spec'].template;
    const isIndexed = job['spec'].completionMode === 'Indexed';
    const generateName = isIndexed ? `${job.metadata.name}-${index}-` : `${job.metadata.name}-`;
    const pod: ApiObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...structuredClone(template.metadata),
        name: `${generateName.slice(0, 58)}${randomBytes(4).toString('hex').slice(0, 5)}`,
        generateName,
        namespace: job.metadata.namespace,
        uid: randomUUID(),
        ownerReferences: [
          {
            apiVersion: 'batch/v1',
            kind: 'Job',
            name: job.metadata.name,
            uid: job.metadata.uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
        finalizers: ['batch.kubernetes.io/job-tracking'],
      },
      spec: withRequests(structuredClone(template.spec)),
      status: { phase: 'Pending', qosClass: 'BestEffort' },
    };
    if (isIndexed)
      pod.metadata.annotations = {
        ...pod.metadata.annotations,
        'batch.kubernetes.io/job-completion-index': String(index),
      };
    const stored = this.#store.add(kinds.pods, pod);
    if ('log' in fate && fate.log !== undefined)
      this.write(stored.metadata.namespace ?? '', stored.metadata.name, fate.log);
  }

  #syncPod(pod: ApiObject): void {
    if (pod.metadata.ownerReferences !== undefined) return;
    const fate = this.fate(pod);
    if (fate.kind === 'ignored') return;
    if ('log' in fate && fate.log !== undefined)
      this.write(pod.metadata.namespace ?? '', pod.metadata.name, fate.log);
    queueMicrotask(() => {
      const current = this.#store.get('pods', pod.metadata.namespace, pod.metadata.name);
      if (current?.metadata.uid === pod.metadata.uid)
        this.#store.update('pods', current, (copy) => this.#applyPod(copy, fate));
    });
  }

  #applyPod(pod: ApiObject, fate: Fate): void {
    const status = pod['status'];
    const now = this.#store.now();
    const container = pod['spec'].containers[0];
    const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: now };
    const containerStatus = (state: object, extra: object = {}): object => ({
      name: container.name,
      state,
      lastState: {},
      ready: false,
      restartCount: 0,
      image: container.image,
      imageID: '',
      started: false,
      ...extra,
    });
    const ended = (exitCode: number, reason: string, message?: string): void => {
      const startedAt = status.containerStatuses?.[0]?.state?.running?.startedAt ?? status.startTime ?? now;
      pod['spec'].nodeName ??= 'node1';
      status.phase = exitCode === 0 ? 'Succeeded' : 'Failed';
      status.startTime ??= now;
      status.containerStatuses = [
        containerStatus({
          terminated: {
            exitCode,
            reason,
            ...(message !== undefined && { message }),
            startedAt,
            finishedAt: now,
            containerID: 'containerd://c946da0',
          },
        }),
      ];
      pod.metadata.finalizers = (pod.metadata.finalizers ?? []).filter(
        (each) => each !== 'batch.kubernetes.io/job-tracking',
      );
      this.endLog(pod.metadata.namespace ?? '', pod.metadata.name);
    };
    switch (fate.kind) {
      case 'unschedulable':
        status.conditions = [
          {
            ...scheduled,
            status: 'False',
            reason: 'Unschedulable',
            message:
              fate.message ??
              '0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
          },
        ];
        break;
      case 'creating':
      case 'image-error':
        pod['spec'].nodeName = 'node1';
        status.startTime ??= now;
        status.conditions = [scheduled];
        status.containerStatuses = [
          containerStatus({
            waiting:
              fate.kind === 'creating'
                ? { reason: 'ContainerCreating' }
                : {
                    reason: fate.reason ?? 'ImagePullBackOff',
                    message:
                      fate.message ?? `Back-off pulling image "${container.image}": ErrImagePull: not found`,
                  },
          }),
        ];
        break;
      case 'failing':
      case 'running':
        pod['spec'].nodeName = 'node1';
        status.phase = 'Running';
        status.startTime ??= now;
        status.conditions = [scheduled, { ...scheduled, type: 'Ready' }];
        status.containerStatuses = [
          containerStatus(
            { running: { startedAt: now } },
            { ready: true, started: true, containerID: 'containerd://c946da0' },
          ),
        ];
        break;
      case 'succeeded':
        ended(0, 'Completed');
        break;
      case 'failed':
        ended(fate.exitCode ?? 1, 'Error', fate.lastWords);
        break;
      case 'oom':
        ended(137, 'OOMKilled');
        break;
      case 'deadline':
        ended(143, 'Error');
        break;
      case 'evicted':
        ended(137, 'Error');
        status.reason = 'Evicted';
        status.message = fate.message ?? 'The node was low on resource: ephemeral-storage.';
        break;
      case 'ignored':
    }
  }

  #condition(
    type: string,
    reason: string,
    message: string,
  ): { type: string; status: string } & Record<string, string> {
    const now = this.#store.now();
    return { type, status: 'True', lastProbeTime: now, lastTransitionTime: now, reason, message };
  }
}

/** Limits are requests where there are none. */
function withRequests<T extends { containers: { resources?: Record<string, object> }[] }>(spec: T): T {
  for (const { resources } of spec.containers)
    if (resources?.['limits'] !== undefined)
      resources['requests'] = { ...resources['limits'], ...resources['requests'] };
  return spec;
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeJob } from '../../../src/executors/kubernetes/job-state.ts';
import type { Event, Job, Pod } from '../../../src/executors/kubernetes/objects.ts';
import { describeUnschedulable } from '../../../src/executors/kubernetes/scheduler-reason.ts';
import { type FakeCluster, startFakeCluster } from '../../fakes/kubernetes-api.ts';
import { kinds } from '../../fakes/kubernetes-api-kinds.ts';
import type { Fate } from '../../fakes/kubernetes-api-simulation.ts';
import type { ApiObject } from '../../fakes/kubernetes-api-store.ts';
import { applyDefaults } from '../../fakes/kubernetes-api-validation.ts';
import { jobObject } from './connect-to-fake.ts';

describe('what has become of a Job', () => {
  let cluster: FakeCluster;
  beforeAll(async () => {
    cluster = await startFakeCluster();
  });
  afterAll(async () => {
    await cluster.stop();
  });

  let count = 0;
  const make = (fate: Fate, rest: Parameters<typeof jobObject>[1] = {}): { job: Job; pods: Pod[] } => {
    count += 1;
    const object = jobObject(`job-${count}`, rest) as unknown as ApiObject;
    object.metadata.namespace = 'lab';
    object.metadata.uid = `uid-${count}`;
    applyDefaults(kinds.jobs, object);
    cluster.store.add(kinds.jobs, object);
    cluster.simulation.move('lab', `job-${count}`, fate);
    return {
      job: cluster.store.get('jobs', 'lab', `job-${count}`) as unknown as Job,
      pods: cluster.simulation.podsOf('lab', `job-${count}`) as unknown as Pod[],
    };
  };
  const judge = (fate: Fate, rest: Parameters<typeof jobObject>[1] = {}) => {
    const { job, pods } = make(fate, rest);
    const { observation, phase } = judgeJob(job, pods);
    return { state: observation.state, phase, reason: observation.reason, exitCode: observation.exitCode };
  };
  const withLimits = (limits: Record<string, string>) => ({
    spec: {
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'main', image: 'lab/python:3', resources: { limits } }],
        },
      },
    },
  });

  it.each<[string, Fate, object, object?]>([
    [
      'no pod yet',
      { kind: 'ignored' },
      { state: 'pending', phase: 'waiting', reason: 'its pod is not created yet' },
    ],
    ['running', { kind: 'running' }, { state: 'running', phase: 'running', reason: undefined }],
    ['succeeded', { kind: 'succeeded' }, { state: 'succeeded', phase: 'succeeded', exitCode: 0 }],
    [
      'failed',
      { kind: 'failed', exitCode: 3 },
      { state: 'failed', phase: 'failed', reason: 'exit code 3', exitCode: 3 },
    ],
    [
      'failed by a signal',
      { kind: 'failed', exitCode: 139 },
      { reason: 'exit code 139 (SIGSEGV)', exitCode: 139 },
    ],
    [
      'out of memory',
      { kind: 'oom' },
      { state: 'failed', phase: 'out of memory', reason: 'out of memory (limit 64Gi)', exitCode: 137 },
      withLimits({ memory: '64Gi' }),
    ],
    [
      'evicted',
      { kind: 'evicted' },
      {
        state: 'failed',
        phase: 'evicted',
        reason: 'evicted: The node was low on resource: ephemeral-storage',
      },
    ],
    [
      'deadline',
      { kind: 'deadline' },
      { state: 'timeout', phase: 'timeout', reason: 'ran longer than its timeout' },
    ],
    [
      'being made',
      { kind: 'creating' },
      { state: 'pending', phase: 'starting', reason: 'the container is being made on node1' },
    ],
    [
      'no such image',
      { kind: 'image-error' },
      {
        phase: 'image error',
        reason: 'the image docker.io/lab/python:3 cannot be pulled: there is no such image or tag',
      },
    ],
    [
      'no access to the image',
      { kind: 'image-error', reason: 'ErrImagePull', message: 'failed to authorize: 403 Forbidden' },
      {
        reason:
          'the image docker.io/lab/python:3 cannot be pulled: the registry refuses access; check image_pull_secrets',
      },
    ],
    [
      'an image that is not there, or private',
      {
        kind: 'image-error',
        message:
          'failed to pull and unpack image: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      },
      {
        reason:
          'the image docker.io/lab/python:3 cannot be pulled: there is no such image, or it is private; check its name and image_pull_secrets',
      },
    ],
    [
      'a missing Secret',
      { kind: 'image-error', reason: 'CreateContainerConfigError', message: 'secret "x" not found' },
      { phase: 'config error', reason: 'the container cannot be started: secret "x" not found' },
    ],
    [
      'unschedulable',
      { kind: 'unschedulable' },
      { state: 'pending', phase: 'queued', reason: 'no node has 8 free nvidia.com/gpu' },
      withLimits({ 'nvidia.com/gpu': '8' }),
    ],
    [
      'suspended for max_parallel',
      { kind: 'ignored' },
      { state: 'suspended', reason: 'waiting for one of 4 slots (max_parallel)' },
      {
        annotations: { 'kube-toolbox/max-parallel': '4' },
        spec: { suspend: true, template: { spec: { containers: [{ name: 'main', image: 'x' }] } } },
      },
    ],
    [
      'suspended by a queue',
      { kind: 'ignored' },
      { state: 'suspended', reason: 'waiting for quota in the queue "gpu"' },
      {
        labels: { 'kueue.x-k8s.io/queue-name': 'gpu' },
        spec: { suspend: true, template: { spec: { containers: [{ name: 'main', image: 'x' }] } } },
      },
    ],
  ])('%s', (_name, fate, expected, rest) => {
    expect(judge(fate, rest as never)).toMatchObject(expected);
  });

  const indexed = {
    spec: {
      completionMode: 'Indexed',
      completions: 3,
      parallelism: 3,
      template: { spec: { containers: [{ name: 'main', image: 'x' }] } },
    },
  };

  it('has failed when one of several nodes has', () => {
    expect(judge({ kind: 'failed', exitCode: 7, failedIndexes: [1] }, indexed)).toMatchObject({
      state: 'failed',
      exitCode: 7,
      reason: 'node 1: exit code 7',
    });
  });

  it('is pending while one of several nodes is', () => {
    const { job, pods } = make({ kind: 'running' }, indexed);
    const [first, ...rest] = pods as [Pod, ...Pod[]];
    const waiting = { ...first, spec: {}, status: { phase: 'Pending' } } as Pod;
    expect(judgeJob(job, [...rest, waiting]).observation).toMatchObject({
      state: 'pending',
      reason: 'waiting for the scheduler',
    });
  });

  const event = (reason: string, uid: string, message: string) =>
    ({ metadata: {}, reason, message, involvedObject: { uid } }) as Event;

  it('says which quota keeps its pod from being created', () => {
    const { job } = make({ kind: 'ignored' });
    const refusal = event(
      'FailedCreate',
      job.metadata.uid,
      'Error creating: pods "a" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=8, used: requests.nvidia.com/gpu=16, limited: requests.nvidia.com/gpu=16',
    );
    expect(judgeJob(job, [], [refusal]).observation.reason).toBe(
      'its pod is not created: the quota "gpus" is used up (requests.nvidia.com/gpu: 16 of 16 used, 8 wanted)',
    );
    const several = event(
      'FailedCreate',
      job.metadata.uid,
      'Error creating: pods "a" is forbidden: exceeded quota: q, requested: limits.cpu=10,limits.memory=64Gi, used: limits.cpu=8,limits.memory=32Gi, limited: limits.cpu=16,limits.memory=64Gi',
    );
    expect(judgeJob(job, [], [several]).observation.reason).toContain(
      '(limits.cpu: 8 of 16 used, 10 wanted; limits.memory: 32Gi of 64Gi used, 64Gi wanted)',
    );
  });

  it('tells pulling from mounting by the events of the pod', () => {
    const { job, pods } = make({ kind: 'creating' });
    const uid = pods[0]?.metadata.uid ?? '';
    expect(judgeJob(job, pods, [event('Pulling', uid, 'Pulling image')]).phase).toBe('pulling');
    expect(judgeJob(job, pods, [event('Pulling', uid, ''), event('Pulled', uid, '')]).phase).toBe('starting');
    expect(
      judgeJob(job, pods, [event('FailedMount', uid, 'MountVolume.SetUp failed for volume "data"')])
        .observation.reason,
    ).toContain('a volume cannot be mounted: MountVolume');
  });

  it('keeps the state of a Job that is being deleted, and says what holds it', () => {
    const { job } = make({ kind: 'running' });
    const deleted = {
      ...job,
      metadata: { ...job.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['lab/hold'] },
    };
    expect(judgeJob(deleted)).toMatchObject({
      isDeleting: true,
      phase: 'deleting',
      observation: { reason: 'being deleted, held by the finalizer "lab/hold"' },
    });
  });

  it('names the container whose image is missing when it is not the main one', () => {
    const { job, pods } = make({ kind: 'creating' });
    const waiting = { reason: 'ImagePullBackOff', message: 'not found' };
    const pod = {
      ...pods[0],
      spec: { ...pods[0]?.spec, initContainers: [{ name: 'llm', image: 'vllm/typo:1' }] },
      status: { ...pods[0]?.status, initContainerStatuses: [{ name: 'llm', state: { waiting } }] },
    } as Pod;
    expect(judgeJob(job, [pod]).observation.reason).toBe(
      'the image vllm/typo:1 of the container "llm" cannot be pulled: there is no such image or tag',
    );
  });

  it('counts attempts', () => {
    const { job, pods } = make({ kind: 'running' });
    const again = { ...job, status: { ...job.status, failed: 2 } };
    expect(judgeJob(again, pods).observation.reason).toBe('attempt 3');
  });

  it('judges without pods by what the Job says, and says nothing of pods that nobody looked at', () => {
    const { job } = make({ kind: 'failed' });
    expect(judgeJob(job, []).observation).toMatchObject({
      state: 'failed',
      reason: 'failed, and its pods are gone',
    });
    expect(judgeJob(job).observation).toMatchObject({ state: 'failed' });
    expect(judgeJob(job).observation).not.toHaveProperty('reason');
    expect(judgeJob(make({ kind: 'ignored' }).job).observation).not.toHaveProperty('reason');
    expect(judgeJob(make({ kind: 'running' }).job).observation).toMatchObject({ state: 'running' });
  });
});

describe("the scheduler's words", () => {
  const pod = {
    spec: {
      containers: [
        { name: 'main', resources: { requests: { cpu: '5', memory: '32Gi', 'nvidia.com/gpu': '8' } } },
      ],
    },
  } as unknown as Pod;
  const tail = ' preemption: 0/9 nodes are available: 9 Preemption is not helpful for scheduling.';

  it.each([
    ['0/1 nodes are available: 1 Insufficient nvidia.com/gpu.', 'no node has 8 free nvidia.com/gpu'],
    [
      '0/9 nodes are available: 4 Insufficient cpu, 9 Insufficient memory. no new claims to deallocate,',
      'no node has 5 free cpu and 32Gi free memory',
    ],
    [
      "0/9 nodes are available: 1 Insufficient nvidia.com/gpu, 3 node(s) didn't match Pod's node affinity/selector, 5 node(s) had untolerated taint {lab: physics}.",
      'no node fits: 1 without 8 free nvidia.com/gpu, 3 not matching the GPU or host lists or node_selector and 5 tainted "lab" (add it to tolerations)',
    ],
    ['0/3 nodes are available: 3 node(s) were unschedulable.', 'no node fits: closed for maintenance'],
    [
      '0/3 nodes are available: persistentvolumeclaim "data" not found.',
      'no node fits: the volume claim "data" does not exist',
    ],
    [
      '0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
      'no node fits: a volume claim is not bound to a volume yet',
    ],
    ['no nodes available to schedule pods', 'no nodes available to schedule pods'],
    ['0/0 nodes are available: .', 'the cluster has no nodes that could run it'],
  ])('%s', (message, expected) => {
    expect(describeUnschedulable(`${message}${tail}`.replace(/^no nodes.*/, message), pod)).toBe(expected);
  });
});

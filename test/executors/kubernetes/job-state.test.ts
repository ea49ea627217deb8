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
      { state: 'timeout', phase: 'timeout', reason: 'did not end within its timeout' },
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

  it('goes by the newest event: neither an image of before nor what has passed hides what is pulled now', () => {
    const { job, pods } = make({ kind: 'creating' });
    const uid = pods[0]?.metadata.uid ?? '';
    const told = (...reasons: string[]) =>
      judgeJob(
        job,
        pods,
        reasons.map((reason) => event(reason, uid, `because of ${reason}`)),
      ).observation.reason;
    const pulling = 'the image is being pulled on node1';
    expect(told('Pulling', 'Pulled', 'Created', 'Started', 'Pulling')).toBe(pulling);
    expect(told('FailedMount', 'Pulling')).toBe(pulling);
    expect(told('Pulling', 'Pulled', 'FailedMount', 'Created')).toBe('the container is being made on node1');
    const refusals = ['old', 'new'].map((message) => event('FailedCreate', 'uid-of-job', message));
    const waiting = { ...job, metadata: { ...job.metadata, uid: 'uid-of-job' } };
    expect(judgeJob(waiting, [], refusals).observation.reason).toBe('its pod is not created: new');
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

  const cannotResolve = (why: string) =>
    `Back-off pulling image "registry.lab.example/team/a-project-with-a-long-name/python:3.12": ErrImagePull: failed to pull and unpack image "registry.lab.example/team/a-project-with-a-long-name/python:3.12": failed to resolve image: ${why}`;
  it.each([
    [
      'failed to do request: Head "https://registry.lab.example/v2/": dial tcp: lookup registry.lab.example on 10.96.0.10:53: no such host',
      'the node does not know the registry "registry.lab.example"; check the image\'s name',
    ],
    [
      'failed to do request: Head "https://registry.lab.example/v2/": dial tcp 10.0.0.9:443: connect: connection refused',
      'the node does not reach the registry (…: failed to resolve image: failed to do request: Head "https://registry.lab.example/v2/": dial tcp 10.0.0.9:443: connect: connection refused)',
    ],
    [
      'failed to do request: Head "https://registry.lab.example/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
      "the node does not trust the registry's certificate (",
    ],
    [
      'unexpected status from HEAD request to https://registry.lab.example/v2/: 429 Too Many Requests',
      'the registry lets no more be pulled for now; it is tried again',
    ],
    ['registry.lab.example/team/python:3.12: not found', 'there is no such image or tag'],
  ])('says why an image cannot be pulled, however long the words before it are: %s', (why, told) => {
    const message = cannotResolve(why);
    expect(judge({ kind: 'image-error', message }).reason).toContain(`cannot be pulled: ${told}`);
  });

  it('takes the reason of older nodes, which only say that they wait, from the event before', () => {
    const { job, pods } = make({ kind: 'image-error', message: 'Back-off pulling image "lab/typo:1"' });
    const uid = pods[0]?.metadata.uid ?? '';
    const failed = event('Failed', uid, 'Failed to pull image "lab/typo:1": lab/typo:1: not found');
    const backOff = event('BackOff', uid, 'Back-off pulling image "lab/typo:1"');
    expect(judgeJob(job, pods, [failed, backOff]).observation.reason).toContain(
      'cannot be pulled: there is no such image or tag',
    );
  });

  const noBash =
    'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "bash": executable file not found in $PATH';
  const noBashOfCrun =
    'container create failed: executable file `bash` not found in $PATH: No such file or directory';
  const terminated = (rest: object) => ({
    containerStatuses: [{ name: 'main', state: { terminated: rest } }],
  });

  it.each([noBash, noBashOfCrun])('names the program that an image does not have: %s', (message) => {
    const { job, pods } = make({ kind: 'failed', exitCode: 128 });
    const pod = {
      ...pods[0],
      status: { phase: 'Failed', ...terminated({ exitCode: 128, reason: 'StartError', message }) },
    } as Pod;
    expect(judgeJob(job, [pod]).observation).toMatchObject({
      exitCode: 128,
      reason: 'it could not be started: the image docker.io/lab/python:3 has no bash',
    });
    expect(judge({ kind: 'image-error', reason: 'RunContainerError', message }).reason).toBe(
      'the container cannot be started: the image docker.io/lab/python:3 has no bash',
    );
  });

  it('says which container has failed before the command, and where its words are', () => {
    const { job, pods } = make({ kind: 'failed', exitCode: 1 });
    const pod = {
      ...pods[0],
      spec: { ...pods[0]?.spec, initContainers: [{ name: 'code', image: 'x' }] },
      status: {
        phase: 'Failed',
        initContainerStatuses: [{ name: 'code', state: { terminated: { exitCode: 1, reason: 'Error' } } }],
        containerStatuses: [{ name: 'main', state: { waiting: { reason: 'PodInitializing' } } }],
      },
    } as Pod;
    expect(judgeJob(job, [pod]).observation.reason).toBe(
      'exit code 1 of the container "code", before the command began',
    );
  });

  it('is running beside a side container that keeps ending, and says so', () => {
    const { job, pods } = make({ kind: 'running' });
    const state = { waiting: { reason: 'CrashLoopBackOff' } };
    const lastState = { terminated: { exitCode: 3 } };
    const pod = {
      ...pods[0],
      status: { ...pods[0]?.status, initContainerStatuses: [{ name: 'llm', state, lastState }] },
    } as Pod;
    expect(judgeJob(job, [pod]).observation).toMatchObject({
      state: 'running',
      reason: '"llm" keeps ending with exit code 3 and is started again',
      startedAt: expect.any(String),
    });
  });

  it('says of a pod that is being deleted that it is, and why', () => {
    const { job, pods } = make({ kind: 'running' });
    const [pod] = pods as [Pod];
    const metadata = { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    const ofNoUse = { ...job, status: { ...job.status, ready: 0 } };
    const judgeLeaving = (conditions: object[]) =>
      judgeJob(ofNoUse, [{ ...pod, metadata, status: { ...pod.status, conditions } } as Pod]).observation
        .reason;
    expect(judgeLeaving([])).toBe('its pod is being deleted on node1; another follows when it is gone');
    const taint = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager' };
    expect(judgeLeaving([taint])).toContain('(the node does not answer, or was tainted)');
  });

  it('says of a timeout that all of it went by in waiting', () => {
    const { job } = make({ kind: 'deadline' });
    const { pods } = make({ kind: 'unschedulable' });
    expect(judgeJob(job, pods).observation.reason).toBe(
      'did not end within its timeout, all of which it waited',
    );
  });

  it.each([
    [
      'Error creating: pods "a-" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false)',
      'its pod is not created: the namespace takes only "restricted" pods',
    ],
    [
      'Error creating: pods "a-" is forbidden: error looking up service account lab/robot: serviceaccount "robot" not found',
      'its pod is not created: the namespace has no such service account: change service_account (error looking up',
    ],
    ['Error creating: etcd is full', 'its pod is not created: etcd is full'],
  ])('says what to change where a pod is forbidden: %s', (message, told) => {
    const { job } = make({ kind: 'ignored' });
    const refusal = event('FailedCreate', job.metadata.uid, message);
    expect(judgeJob(job, [], [refusal]).observation.reason).toContain(told);
  });

  it('tells the last warning of a pod that is not getting ready', () => {
    const { job, pods } = make({ kind: 'creating' });
    const uid = pods[0]?.metadata.uid ?? '';
    const warning = (reason: string, message: string) => ({
      ...event(reason, uid, message),
      type: 'Warning',
    });
    const sandbox = warning(
      'FailedCreatePodSandBox',
      `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${'0a1b'.repeat(16)}": plugin type="calico" failed (add): no IP addresses available`,
    );
    const { reason } = judgeJob(job, pods, [warning('FailedScheduling', 'no room'), sandbox]).observation;
    expect(reason).toMatch(
      /^the container is being made on node1, and it fails: .*no IP addresses available$/,
    );
    for (const harmless of [
      warning('FailedScheduling', 'no room'),
      warning('DNSConfigForming', 'Nameserver limits were exceeded, some nameservers have been omitted'),
      warning('FailedToRetrieveImagePullSecret', 'Unable to retrieve some image pull secrets (registry)'),
    ])
      expect(judgeJob(job, pods, [harmless]).observation.reason).toBe('the container is being made on node1');
    const name = pods[0]?.metadata.name ?? '';
    const ofIts = warning('FailedCreatePodSandBox', `cannot make "${name}_lab(${uid})": no room`);
    expect(judgeJob(job, pods, [ofIts]).observation.reason).toContain(
      'cannot make "the pod_lab(…)": no room',
    );
  });

  it.each([
    ['startup step "data" failed', 'exit code 3: startup step "data" failed'],
    ['Traceback …\nValueError: lr is negative\n', 'exit code 3: ValueError: lr is negative'],
    ['[0,3]', 'exit code 3'],
    ['', 'exit code 3'],
  ])('tells the last words of a container: %j', (message, told) => {
    const { job, pods } = make({ kind: 'failed', exitCode: 3 });
    const status = { phase: 'Failed', ...terminated({ exitCode: 3, reason: 'Error', message }) };
    expect(judgeJob(job, [{ ...pods[0], status } as Pod]).observation.reason).toBe(told);
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
    const { job: running } = make({ kind: 'running' });
    expect(judgeJob(running).observation).toMatchObject({ state: 'running' });
    // Before 1.24 a Job does not count the pods that are ready.
    const { ready, ...status } = running.status ?? {};
    expect(ready).toBe(1);
    expect(judgeJob({ ...running, status }).observation).toMatchObject({ state: 'running' });
  });
});

describe("the scheduler's words", () => {
  it.each([
    ['16Gi', undefined, 'no node has 48Gi (32Gi + 16Gi) free memory'],
    ['512Mi', undefined, 'no node has 32Gi + 512Mi free memory'],
    ['16Gi', '16', 'no node has 48Gi (32Gi + 16Gi) free memory'],
  ])('counts side containers in, and none that ends before: %s, %s', (memory, before, expected) => {
    const pod = {
      spec: {
        containers: [{ name: 'main', resources: { requests: { memory: '32Gi' } } }],
        initContainers: [
          { name: 'llm', restartPolicy: 'Always', resources: { requests: { memory } } },
          ...(before === undefined ? [] : [{ name: 'code', resources: { requests: { memory: before } } }]),
        ],
      },
    } as unknown as Pod;
    expect(describeUnschedulable('0/1 nodes are available: 1 Insufficient memory.', pod)).toBe(expected);
  });

  it('names the labels that a pod asks of a node', () => {
    const pod = {
      spec: {
        containers: [],
        nodeSelector: { disk: 'ssd' },
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                {
                  matchExpressions: [
                    { key: 'kubernetes.io/hostname', operator: 'In', values: ['node-17', 'node-18'] },
                    { key: 'gpu.product', operator: 'NotIn', values: ['T4'] },
                  ],
                },
              ],
            },
          },
        },
      },
    } as unknown as Pod;
    expect(
      describeUnschedulable(
        "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
        pod,
      ),
    ).toBe(
      'no node fits: not matching the GPU or host lists or node_selector (disk=ssd, kubernetes.io/hostname=node-17|node-18, gpu.product not in T4)',
    );
  });

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
    [
      '0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate,',
      "no node fits: tainted (add the taint's key to tolerations)",
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

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorDiagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { KubernetesExecutor } from '../../../src/executors/kubernetes/kubernetes-executor.ts';
import { type LaunchOptions, launch } from '../../../src/executors/kubernetes/launch.ts';
import type { LaunchStep } from '../../../src/executors/kubernetes/launch-step.ts';
import { NamespaceApi } from '../../../src/executors/kubernetes/namespace-api.ts';
import { jobs } from '../../../src/executors/kubernetes/objects.ts';
import { DiskRecordStore } from '../../../src/records/record-store.ts';
import { ManifestText } from '../../../src/render/manifest-text.ts';
import { RenderedObject } from '../../../src/render/rendered-object.ts';
import type { Renderer } from '../../../src/render/renderer.ts';
import { formatStep, formatSummary } from '../../../src/report/launch-lines.ts';
import { type FakeCluster, startFakeCluster } from '../../fakes/kubernetes-api.ts';
import { kinds } from '../../fakes/kubernetes-api-kinds.ts';
import type { ApiObject } from '../../fakes/kubernetes-api-store.ts';
import { connectToFake, timelessPolicy } from './connect-to-fake.ts';
import { makeSpecs, owner, plainRenderer } from './plain-renderer.ts';

interface RunOptions extends Partial<LaunchOptions> {
  readonly renderer?: Renderer;
  readonly on?: NamespaceApi;
}

describe('launching a sweep', () => {
  let cluster: FakeCluster;
  let api: NamespaceApi;
  let root: string;

  beforeEach(async () => {
    cluster = await startFakeCluster();
    api = new NamespaceApi(connectToFake(cluster, { policy: timelessPolicy() }), 'lab');
    root = await mkdtemp(join(tmpdir(), 'launch-'));
  });
  afterEach(async () => {
    api.client.close();
    await cluster.stop();
    await rm(root, { recursive: true });
  });

  const names = (plural = 'jobs'): string[] =>
    cluster.store.list(plural).map((object) => object.metadata.name);
  const job = (name: string): ApiObject => cluster.store.get('jobs', 'lab', name) as ApiObject;
  const run = async (
    specs: ReturnType<typeof makeSpecs>,
    { renderer = plainRenderer(), on = api, ...options }: RunOptions = {},
  ) => {
    const steps: LaunchStep[] = [];
    const summary = await launch(specs, {
      executor: new KubernetesExecutor({ api: on, owner, renderer }),
      records: new DiskRecordStore(root, () => undefined),
      root,
      concurrency: 8,
      now: Date.now(),
      report: (step) => steps.push(step),
      signal: new AbortController().signal,
      ...options,
    });
    return { steps, summary, results: steps.map((step) => step.result) };
  };

  it('creates what is missing, in order, the Secret first and once', async () => {
    const specs = makeSpecs(40);
    const { steps, summary } = await run(specs);
    expect(steps.map((step) => step.name)).toEqual(specs.map((spec) => spec.name));
    expect(summary.steps).toEqual({ created: 40, replaced: 0, kept: 0, rejected: 0, left: 0 });
    expect(names()).toHaveLength(40);
    expect(names('secrets')).toEqual(['alice-example-env-3f2a1']);
    const posts = cluster.requests.filter((each) => each.method === 'POST').map((each) => each.path);
    expect(posts.filter((path) => path.endsWith('/secrets'))).toHaveLength(1);
    expect(posts[0]).toMatch(/secrets$/);
  });

  it('asks for the listing and nothing else when there is nothing to do', async () => {
    await run(makeSpecs(600));
    cluster.requests.length = 0;
    const { results } = await run(makeSpecs(600));
    expect(new Set(results)).toEqual(new Set(['kept']));
    expect(cluster.requests.map((each) => `${each.method} ${each.path}`)).toEqual([
      'GET /apis/batch/v1/namespaces/lab/jobs',
      'GET /apis/batch/v1/namespaces/lab/jobs',
    ]);
  });

  describe('pods that are still ending when their Jobs are gone', () => {
    const [spec] = makeSpecs(1);
    const name = spec?.name ?? '';
    let there: ApiObject;
    /** As a launch leaves it that is killed while it replaces the Job. */
    const leavePod = async (): Promise<ApiObject> => {
      cluster.podGrace = 600_000;
      cluster.simulation.fate = () => ({ kind: 'running' });
      await run(makeSpecs(1));
      await expect.poll(() => cluster.store.list('pods')[0]?.['status']?.phase).toBe('Running');
      there = structuredClone(job(name));
      await api.delete(jobs, there.metadata, new AbortController().signal);
      expect(names()).toEqual([]);
      return cluster.store.list('pods')[0] as ApiObject;
    };

    it('have their time before the trial runs again', async () => {
      const pod = await leavePod();
      const { send } = api.client.connection;
      const seen: string[][] = [];
      api.client.connection.send = function (attempt, credential) {
        if (attempt.method === 'GET' && attempt.path.endsWith(`/pods/${pod.metadata.name}`))
          seen.push(names());
        if (seen.length === 3) cluster.store.remove('pods', pod);
        return send.call(this, attempt, credential);
      };
      const notices: string[] = [];
      const { results } = await run(makeSpecs(1), { notice: (sentence) => notices.push(sentence) });
      expect(results).toEqual(['created']);
      expect(seen).toEqual([[], [], []]);
      expect(notices).toEqual([
        `waiting for pod "${pod.metadata.name}", and others whose Jobs are gone, to end`,
      ]);
    });

    it('are not waited for where their node has not removed them in time', async () => {
      const pod = await leavePod();
      cluster.store.update('pods', pod, ({ metadata }) => {
        metadata.finalizers = ['of-a-lost-node'];
        metadata.deletionTimestamp = new Date(Date.now() - 600_000).toISOString();
      });
      const notices: string[] = [];
      const { results } = await run(makeSpecs(1), { notice: (sentence) => notices.push(sentence) });
      expect(results).toEqual(['created']);
      expect(notices).toEqual([
        `pod "${pod.metadata.name}" does not end though its Job is gone; its trial is created beside it`,
      ]);
    });

    it('hold up no Job that another run has created meanwhile', async () => {
      await leavePod();
      const { send } = api.client.connection;
      api.client.connection.send = function (attempt, credential) {
        if (/\/pods\?/.test(attempt.path) && names().length === 0)
          cluster.store.add(kinds.jobs, { ...there, metadata: { ...there.metadata, uid: 'of-another-run' } });
        return send.call(this, attempt, credential);
      };
      expect((await run(makeSpecs(1))).results).toEqual(['kept']);
    });

    it('are not asked for by who may not list them', async () => {
      cluster.denied = (_user, verb, resource) => resource === 'pods' && verb === 'list';
      expect((await run(makeSpecs(1))).results).toEqual(['created']);
    });
  });

  describe('what Jobs need beside themselves', () => {
    const secret = 'alice-example-env-3f2a1';
    const removeSecret = () =>
      cluster.store.remove('secrets', cluster.store.get('secrets', 'lab', secret) as ApiObject);

    it('is made again for a Job that is there, has no pod ready and has not ended', async () => {
      cluster.simulation.fate = () => ({ kind: 'creating' });
      await run(makeSpecs(3));
      for (const name of names()) await expect.poll(() => job(name)['status'].active).toBe(1);
      removeSecret();
      const { results, summary } = await run(makeSpecs(3));
      expect(results).toEqual(['kept', 'kept', 'kept']);
      expect(summary.restored).toEqual([`Secret/${secret}`]);
      expect(names('secrets')).toEqual([secret]);
    });

    it('is not looked at for Jobs that run or are suspended', async () => {
      cluster.simulation.fate = () => ({ kind: 'running' });
      await run(makeSpecs(2), { maxParallel: 1 });
      await expect.poll(() => job('alice-example-trial-0000')['status'].ready).toBe(1);
      cluster.requests.length = 0;
      await run(makeSpecs(2), { maxParallel: 1 });
      expect(cluster.requests.map((each) => `${each.method} ${each.path}`)).toEqual([
        'GET /apis/batch/v1/namespaces/lab/jobs',
      ]);
    });

    it('is made again when a delete elsewhere removes it while Jobs are created', async () => {
      const stop = cluster.store.listen(({ type, plural, object }) => {
        if (type === 'ADDED' && plural === 'jobs' && object.metadata.name.endsWith('0007')) removeSecret();
      });
      const { summary } = await run(makeSpecs(10));
      stop();
      expect(summary.restored).toEqual([`Secret/${secret}`]);
      expect(names('secrets')).toEqual([secret]);
    });

    it('is told when the files no longer make it', async () => {
      cluster.simulation.fate = () => ({ kind: 'creating' });
      await run(makeSpecs(1));
      const [name = ''] = names();
      await expect.poll(() => job(name)['status'].active).toBe(1);
      cluster.store.update('jobs', job(name), (copy) => {
        copy['spec'].template.spec.containers[0].envFrom = [{ secretRef: { name: 'alice-example-env-old' } }];
      });
      expect((await run(makeSpecs(1))).summary).toMatchObject({
        restored: [],
        lacking: ['Secret/alice-example-env-old'],
      });
    });
  });

  it('replaces the failed, with its last words in the record, and leaves no orphan pods', async () => {
    const specs = makeSpecs(3);
    cluster.simulation.fate = (object) =>
      object.metadata.name.endsWith('1')
        ? { kind: 'failed', exitCode: 3, log: 'Traceback\nValueError\n' }
        : { kind: 'running' };
    await run(specs);
    await expect.poll(() => job('alice-example-trial-0001')['status'].failed).toBe(1);
    const { uid } = job('alice-example-trial-0001').metadata;
    cluster.simulation.fate = () => ({ kind: 'running' });
    const { steps, results } = await run(specs);
    expect(results).toEqual(['kept', 'replaced', 'kept']);
    expect(steps[1]?.found).toBe('failed');
    expect(job('alice-example-trial-0001').metadata.uid).not.toBe(uid);
    await expect.poll(() => names('pods').length).toBe(3);
    const record = JSON.parse(
      await readFile(join(root, '.toolbox/runs/alice-example-trial-0001/record.json'), 'utf8'),
    );
    expect(record).toMatchObject({
      state: 'failed',
      exitCode: 3,
      executor: 'kubernetes',
      attempt: 1,
      model: 'm',
      hparam: { lr: '1e-5' },
    });
    expect(await readFile(join(root, record.log), 'utf8')).toBe('Traceback\nValueError\n');
  });

  it.each([
    ['silence', 'Traceback\n(the log could not be read to its end: the node does not answer)\n'],
    ['hang', '(the log could not be read: the node does not answer)\n'],
  ] as const)('is not held up by a log that the node does not send (%s)', async (kind, said) => {
    cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 1, log: 'Traceback\n' });
    await run(makeSpecs(1));
    const [name = ''] = names();
    await expect.poll(() => job(name)['status'].failed).toBe(1);
    cluster.fail({ kind }, { when: ({ path }) => path.endsWith('/log'), times: 100 });
    const client = connectToFake(cluster, { policy: { ...timelessPolicy(), attemptTimeout: 500 } });
    expect((await run(makeSpecs(1), { on: new NamespaceApi(client, 'lab') })).results).toEqual(['replaced']);
    client.close();
    expect(await readFile(join(root, '.toolbox/runs', name, 'attempt-1.log'), 'utf8')).toBe(said);
  });

  it('keeps the last words of an output of long lines', async () => {
    const log = `${'x'.repeat(3_000_000)}\nValueError\n`;
    cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 1, log });
    await run(makeSpecs(1));
    const [name = ''] = names();
    await expect.poll(() => job(name)['status'].failed).toBe(1);
    cluster.simulation.fate = () => ({ kind: 'running' });
    await run(makeSpecs(1));
    const kept = await readFile(join(root, '.toolbox/runs', name, 'attempt-1.log'), 'utf8');
    expect(kept).toHaveLength(1024 * 1024);
    expect(kept.endsWith('xxx\nValueError\n')).toBe(true);
  });

  it('leaves what changed and says in what, or replaces it when asked', async () => {
    await run(makeSpecs(2));
    const kept = await run(makeSpecs(2, 'v2'));
    expect(kept.steps.map(({ result, changed }) => [result, changed])).toEqual([
      ['kept', ['command']],
      ['kept', ['command']],
    ]);
    expect(kept.summary.changed).toBe(2);
    expect((await run(makeSpecs(2, 'v2'), { overwrite: 'changed' })).results).toEqual([
      'replaced',
      'replaced',
    ]);
    expect((await run(makeSpecs(2, 'v2'), { overwrite: 'changed' })).results).toEqual(['kept', 'kept']);
    expect((await run(makeSpecs(2, 'v2'), { overwrite: 'true' })).results).toEqual(['replaced', 'replaced']);
  });

  it('writes down a success that it sees, so that it outlives its Job', async () => {
    cluster.simulation.fate = () => ({ kind: 'succeeded' });
    const [spec] = makeSpecs(1);
    await run(makeSpecs(1));
    const name = spec?.name ?? '';
    await expect.poll(() => job(name)['status'].succeeded).toBe(1);
    expect((await run(makeSpecs(1))).steps).toMatchObject([{ result: 'kept', found: 'succeeded' }]);
    cluster.store.remove('jobs', job(name));
    const now = Date.now() + 3_600_000;
    expect((await run(makeSpecs(1), { now })).steps).toMatchObject([{ result: 'kept', found: 'succeeded' }]);
    // Its TTL is an hour: whoever removed it sooner was somebody.
    expect((await run(makeSpecs(1), { only: 'missing' })).results).toEqual(['created']);
  });

  it('runs a trial again that has changed since it succeeded and its Job went', async () => {
    cluster.simulation.fate = () => ({ kind: 'succeeded' });
    await run(makeSpecs(1));
    const [name = ''] = names();
    await expect.poll(() => job(name)['status'].succeeded).toBe(1);
    await run(makeSpecs(1));
    cluster.store.remove('jobs', job(name));
    const now = Date.now() + 3_600_000;
    expect((await run(makeSpecs(1, 'v2'), { overwrite: 'changed', now })).results).toEqual(['created']);
  });

  it('remembers a success whose Job a TTL has removed', async () => {
    const [spec] = makeSpecs(1);
    await run(makeSpecs(1));
    const record = {
      version: 1,
      name: spec?.name,
      model: 'm',
      dataset: 'd',
      hparam: {},
      fingerprint: spec?.fingerprint,
      command: 'x',
      executor: 'kubernetes',
      outlives: true,
      state: 'succeeded',
      attempt: 1,
      host: 'h',
      startedAt: '2026-01-01T00:00:00Z',
      log: '',
    };
    await new DiskRecordStore(root, () => undefined).write(record as never);
    cluster.store.remove('jobs', job(spec?.name ?? ''));
    expect((await run(makeSpecs(1))).steps).toMatchObject([{ result: 'kept', found: 'succeeded' }]);
  });

  it('waits for the last words of a Job that is about to fail', async () => {
    cluster.simulation.fate = () => ({ kind: 'running' });
    await run(makeSpecs(1));
    const [name = ''] = names();
    await expect.poll(() => job(name)['status'].ready).toBe(1);
    cluster.simulation.move('lab', name, { kind: 'failing' });
    const [pod] = cluster.simulation.podsOf('lab', name);
    const { send } = api.client.connection;
    let looks = 0;
    api.client.connection.send = function (attempt, credential) {
      const isLook = attempt.method === 'GET' && attempt.path.endsWith(`/${name}`);
      if (isLook) looks += 1;
      if (isLook && looks === 3) {
        cluster.simulation.write('lab', pod?.metadata.name ?? '', 'checkpoint saved\n');
        cluster.simulation.move('lab', name, { kind: 'deadline' });
      }
      return send.call(this, attempt, credential);
    };
    expect((await run(makeSpecs(1))).steps).toMatchObject([{ result: 'replaced', found: 'timeout' }]);
    expect(looks).toBeGreaterThanOrEqual(3);
    const record = JSON.parse(await readFile(join(root, `.toolbox/runs/${name}/record.json`), 'utf8'));
    expect(record).toMatchObject({ state: 'timeout', attempt: 1 });
    expect(await readFile(join(root, record.log), 'utf8')).toBe('checkpoint saved\n');
  });

  it("takes no pod of the Job before for the new one's", async () => {
    cluster.podGrace = 600_000;
    cluster.simulation.fate = () => ({ kind: 'running' });
    await run(makeSpecs(1));
    const [name = ''] = names();
    await expect.poll(() => job(name)['status'].ready).toBe(1);
    const [old] = cluster.simulation.podsOf('lab', name);
    cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 3, log: 'mine\n' });
    await run(makeSpecs(1), { overwrite: 'true' });
    await expect.poll(() => job(name)['status'].failed).toBe(1);
    cluster.simulation.movePod('lab', old?.metadata.name ?? '', { kind: 'failed', exitCode: 143 });
    cluster.store.update(
      'pods',
      cluster.store.get('pods', 'lab', old?.metadata.name ?? '') as ApiObject,
      (copy) => {
        copy['status'].containerStatuses[0].state.terminated.finishedAt = '2999-01-01T00:00:00Z';
      },
    );
    await run(makeSpecs(1));
    const record = JSON.parse(await readFile(join(root, `.toolbox/runs/${name}/record.json`), 'utf8'));
    expect(record).toMatchObject({ state: 'failed', exitCode: 3, attempt: 1 });
    expect(await readFile(join(root, record.log), 'utf8')).toBe('mine\n');
  });

  it('leaves a Job that succeeded between the listing and its deletion', async () => {
    const [spec] = makeSpecs(1, 'v2');
    await run(makeSpecs(1));
    cluster.simulation.move('lab', spec?.name ?? '', { kind: 'running' });
    const uid = job(spec?.name ?? '').metadata.uid;
    let hasTurned = false;
    const { send } = api.client.connection;
    api.client.connection.send = function (attempt, credential) {
      if (attempt.method === 'DELETE' && !hasTurned) {
        hasTurned = true;
        cluster.simulation.move('lab', spec?.name ?? '', { kind: 'succeeded' });
      }
      return send.call(this, attempt, credential);
    };
    // Replaced because it changed: that it has succeeded meanwhile does not change the decision, but it is
    // made anew, with the version that was seen then, and what it printed is kept first.
    const { results } = await run(makeSpecs(1, 'v2'), { overwrite: 'changed' });
    expect(results).toEqual(['replaced']);
    expect(job(spec?.name ?? '').metadata.uid).not.toBe(uid);
    const record = JSON.parse(await readFile(join(root, `.toolbox/runs/${spec?.name}/record.json`), 'utf8'));
    // It succeeded, and is run again: whether that succeeds nobody has seen.
    expect(record).toMatchObject({ state: 'interrupted', attempt: 1 });
  });

  it('leaves a failed Job alone that somebody else has replaced since the listing', async () => {
    const [spec] = makeSpecs(1);
    const name = spec?.name ?? '';
    await run(makeSpecs(1));
    cluster.simulation.move('lab', name, { kind: 'failed' });
    const { send } = api.client.connection;
    let theirs = '';
    api.client.connection.send = function (attempt, credential) {
      if (attempt.method === 'DELETE' && theirs === '') {
        const old = job(name);
        cluster.store.remove('jobs', old);
        const fresh = { ...old, metadata: { ...old.metadata, uid: 'fresh' }, status: {} };
        theirs = cluster.store.add(kinds.jobs, fresh).metadata.uid;
      }
      return send.call(this, attempt, credential);
    };
    const { results } = await run(makeSpecs(1));
    expect(results).toEqual(['kept']);
    expect(job(name).metadata.uid).toBe('fresh');
  });

  it.each(['lost-before', 'lost-after'] as const)(
    'creates exactly one Job a trial when every third answer is %s',
    async (kind) => {
      let count = 0;
      cluster.fail(
        { kind },
        { while: () => true, when: ({ method }) => method === 'POST' && ++count % 3 === 0 },
      );
      const { summary } = await run(makeSpecs(60));
      expect(names()).toHaveLength(60);
      expect(summary.steps.rejected).toBe(0);
    },
  );

  it('names both when the name belongs to somebody else, touches nothing, and goes on', async () => {
    const specs = makeSpecs(3);
    const taken = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: specs[1]?.name, namespace: 'lab', labels: { user: 'bob', project: 'other' } },
      spec: {},
      status: {},
    };
    const theirs = cluster.store.add(kinds.jobs, taken as unknown as ApiObject);
    const { steps, results } = await run(specs, { overwrite: 'true' });
    expect(results).toEqual(['created', 'rejected', 'created']);
    expect(steps[1]?.diagnostics[0]).toMatchObject({
      code: 'KUBE_NAME_TAKEN',
      message: expect.stringMatching(/user=alice, project=example.*user=bob, project=other/),
    });
    expect(job(specs[1]?.name ?? '').metadata.uid).toBe(theirs.metadata.uid);
  });

  it('deletes and creates nothing when one of all cannot be made, and says each problem once', async () => {
    cluster.simulation.fate = () => ({ kind: 'running' });
    await run(makeSpecs(2));
    await expect.poll(() => job('alice-example-trial-0001')['status'].ready).toBe(1);
    cluster.requests.length = 0;
    const plain = plainRenderer();
    const renderer: Renderer = {
      ...plain,
      job: (spec) =>
        spec.trial.index < 2
          ? plain.job(spec)
          : {
              ok: false,
              diagnostics: [errorDiagnostic('RENDER_FILE_MISSING', 'there is no file "nope.txt"')],
            },
    };
    await expect(run(makeSpecs(4), { renderer, overwrite: 'true' })).rejects.toMatchObject({
      exitCode: 2,
      diagnostics: [{ code: 'RENDER_FILE_MISSING' }],
    });
    expect(cluster.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  it('begins anew only when what ran before has ended, whose log is not shown for it', async () => {
    cluster.podGrace = 300;
    cluster.simulation.fate = () => ({ kind: 'running' });
    await run(makeSpecs(1));
    await expect.poll(() => job('alice-example-trial-0000')['status'].active).toBe(1);
    const most: number[] = [];
    const stop = cluster.store.listen(() => most.push(names('pods').length));
    const patient = new NamespaceApi(connectToFake(cluster), 'lab');
    const { results } = await run(makeSpecs(1), { on: patient, overwrite: 'true' });
    patient.client.close();
    expect(results).toEqual(['replaced']);
    await expect.poll(() => names('pods').length).toBe(1);
    stop();
    expect(Math.max(...most)).toBe(1);
  });

  it('removes nothing for a manifest that the server refuses', async () => {
    await run(makeSpecs(3));
    cluster.simulation.move('lab', names()[1] ?? '', { kind: 'succeeded' });
    cluster.simulation.move('lab', names()[2] ?? '', { kind: 'failed', exitCode: 1 });
    const before = cluster.store.list('jobs').map(({ metadata }) => metadata.uid);
    const renderer = plainRenderer({ break: () => ({ backoffLimit: -1 }) });
    const { steps } = await run(makeSpecs(3), { renderer, overwrite: 'true' });
    expect(steps.map(({ result, wasDeleted }) => [result, wasDeleted])).toEqual([
      ['rejected', undefined],
      ['rejected', undefined],
      ['rejected', undefined],
    ]);
    expect(steps[0]?.diagnostics[0]?.message).toContain('spec.backoffLimit');
    expect(cluster.store.list('jobs').map(({ metadata }) => metadata.uid)).toEqual(before);
  });

  it('removes no failed Job without the right to create another', async () => {
    cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 1 });
    await run(makeSpecs(5));
    await expect.poll(() => names().every((name) => job(name)['status'].failed === 1)).toBe(true);
    const message = 'jobs.batch is forbidden: User "alice" cannot create resource "jobs"';
    cluster.fail(
      { kind: 'answer', status: 403, body: { kind: 'Status', code: 403, reason: 'Forbidden', message } },
      { when: ({ method, path }) => method === 'POST' && path.endsWith('/jobs'), times: 99 },
    );
    await expect(run(makeSpecs(5))).rejects.toThrow('cannot create resource "jobs"');
    expect(names()).toHaveLength(5);
  });

  it.each([
    ['exceeded quota: few, requested: count/jobs.batch=1', 403, 'Forbidden'],
    ['admission webhook "policy.lab" does not support dry run', 400, 'BadRequest'],
  ])('replaces a Job where a dry run cannot tell: %s', async (message, status, reason) => {
    await run(makeSpecs(1));
    cluster.fail(
      { kind: 'answer', status, body: { kind: 'Status', code: status, reason, message } },
      { when: ({ url }) => url.searchParams.has('dryRun') },
    );
    expect((await run(makeSpecs(1), { overwrite: 'true' })).results).toEqual(['replaced']);
    expect(cluster.requests.filter(({ query }) => query.get('dryRun') === 'All')).toHaveLength(1);
  });

  it('tells what was deleted and then not created', async () => {
    await run(makeSpecs(3));
    const body = { kind: 'Status', code: 422, reason: 'Invalid', message: 'no' };
    // A dry run is not the creation: what it was told may have changed since.
    const when = ({ method, path, url }: { method: string; path: string; url: URL }) =>
      method === 'POST' && path.endsWith('/jobs') && !url.searchParams.has('dryRun');
    cluster.fail({ kind: 'answer', status: 422, body }, { when });
    const quota = { ...body, code: 403, reason: 'Forbidden', message: 'exceeded quota: few' };
    cluster.fail({ kind: 'answer', status: 403, body: quota }, { when });
    const { steps, summary } = await run(makeSpecs(3), { overwrite: 'true', concurrency: 1 });
    expect(steps.map(({ result, wasDeleted }) => [result, wasDeleted])).toEqual([
      ['rejected', true],
      ['left', true],
      ['left', undefined],
    ]);
    expect(formatSummary(summary)).toContain('1 not accepted, 2 left to create, 2 deleted and not created');
    expect(steps.flatMap((step) => formatStep(step)).join('\n')).toMatch(
      /0000 deleted\n.*0000 not created: .*\n.*\n.*0001 deleted\n.*0001 not created: the quota is used up\n/,
    );
    expect(names()).toEqual(['alice-example-trial-0002']);
  });

  it('goes on after one that a policy denies', async () => {
    const message =
      "jobs.batch \"x\" is forbidden: ValidatingAdmissionPolicy 'demo' with binding 'demo' denied request: no";
    const body = { kind: 'Status', code: 403, reason: 'Forbidden', message };
    cluster.fail(
      { kind: 'answer', status: 403, body },
      { when: ({ method, path }) => method === 'POST' && path.endsWith('/jobs') },
    );
    expect((await run(makeSpecs(3))).results.toSorted()).toEqual(['created', 'created', 'rejected']);
  });

  it('goes on after a 422 in the middle', async () => {
    const renderer = plainRenderer({
      break: (spec) => (spec.trial.index === 2 ? { backoffLimit: -1 } : undefined),
    });
    const { steps, results } = await run(makeSpecs(5), { renderer });
    expect(results).toEqual(['created', 'created', 'rejected', 'created', 'created']);
    expect(steps[2]?.diagnostics[0]).toMatchObject({
      code: 'KUBE_REJECTED',
      message: expect.stringContaining('spec.backoffLimit'),
    });
  });

  it.each([
    [
      'secrets',
      422,
      'Invalid',
      'Secret "alice-example-env-3f2a1" is invalid: data: Too long: may not be more than 1048576 bytes',
    ],
    ['secrets', 403, 'Forbidden', 'admission webhook "policy.lab" denied the request: no Secrets here'],
  ])(
    'ends once, by its own name, when %s that all need are refused with %i',
    async (plural, code, reason, message) => {
      const body = { kind: 'Status', status: 'Failure', code, reason, message };
      cluster.fail(
        { kind: 'answer', status: code, body },
        { when: ({ method, path }) => method === 'POST' && path.endsWith(plural), times: 99 },
      );
      await expect(run(makeSpecs(20))).rejects.toMatchObject({
        diagnostics: [
          {
            code: 'KUBE_REFUSED',
            message: `Secret "alice-example-env-3f2a1" cannot be created: ${message}`,
            hint: undefined,
          },
        ],
      });
      expect(cluster.count('POST', /secrets$/)).toBe(1);
      expect(names()).toEqual([]);
    },
  );

  it('ends once when the name of what all need is taken', async () => {
    const metadata = { name: 'alice-example-env-3f2a1', namespace: 'lab', labels: { user: 'bob' } };
    cluster.store.add(kinds.secrets, { apiVersion: 'v1', kind: 'Secret', metadata } as unknown as ApiObject);
    await expect(run(makeSpecs(5))).rejects.toMatchObject({ diagnostics: [{ code: 'KUBE_NAME_TAKEN' }] });
  });

  it('goes on after a refusal of what one trial has for itself, told by its name', async () => {
    const plain = plainRenderer();
    const service = (name: string): RenderedObject => {
      const object = { apiVersion: 'v1', kind: 'Service', metadata: { name } };
      return new RenderedObject(ManifestText.of(''), object);
    };
    const renderer: Renderer = {
      ...plain,
      job(spec) {
        const made = plain.job(spec);
        return made.ok ? { ...made, value: { ...made.value, support: [service(`${spec.name}-x`)] } } : made;
      },
    };
    const body = { kind: 'Status', code: 422, reason: 'Invalid', message: 'spec.clusterIP: no' };
    cluster.fail(
      { kind: 'answer', status: 422, body },
      { when: ({ method, path }) => method === 'POST' && path.endsWith('/services') },
    );
    const { steps, results } = await run(makeSpecs(3), { renderer });
    expect(results.toSorted()).toEqual(['created', 'created', 'rejected']);
    const rejected = steps.find(({ result }) => result === 'rejected');
    expect(rejected?.diagnostics[0]?.message).toBe(
      `Service "${rejected?.name}-x" cannot be created: spec.clusterIP: no`,
    );
    // What all of them would meet ends it.
    cluster.denied = (_user, verb, resource) => verb === 'create' && resource === 'services';
    await expect(run(makeSpecs(3, 'v1', 'other'), { renderer })).rejects.toMatchObject({
      diagnostics: [
        { code: 'KUBE_REFUSED', message: expect.stringContaining('cannot create resource "services"') },
      ],
    });
  });

  it('stops creating at the quota and says how many are left', async () => {
    cluster.store.add(kinds.resourcequotas, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'few', namespace: 'lab' },
      spec: { hard: { 'count/jobs.batch': '10' } },
    } as unknown as ApiObject);
    const { summary } = await run(makeSpecs(100));
    expect(names()).toHaveLength(10);
    expect(summary.steps).toMatchObject({ created: 10, left: 90 });
    expect(summary.quota).toContain('exceeded quota: few');
    // Those under way when the quota was met, and no more.
    expect(cluster.count('POST', /jobs$/)).toBeLessThanOrEqual(10 + 8);
  });

  it('waits for a Job that is being deleted, then creates it', async () => {
    const [spec] = makeSpecs(1);
    await run(makeSpecs(1));
    cluster.store.update('jobs', job(spec?.name ?? ''), (copy) => {
      copy.metadata.finalizers = ['foregroundDeletion'];
      copy.metadata.deletionTimestamp = cluster.store.now();
    });
    setTimeout(
      () =>
        cluster.store.update('jobs', job(spec?.name ?? ''), (copy) => {
          copy.metadata.finalizers = [];
        }),
      100,
    );
    const patient = new NamespaceApi(connectToFake(cluster), 'lab');
    const { steps } = await run(makeSpecs(1), { on: patient });
    patient.client.close();
    expect(steps).toMatchObject([{ found: 'deleting', result: 'replaced' }]);
  });

  it('reports a Job that a finalizer holds, and goes on', async () => {
    const specs = makeSpecs(2);
    await run(specs);
    cluster.store.update('jobs', job(specs[0]?.name ?? ''), (copy) => {
      copy.metadata.finalizers = ['lab.example/hold'];
    });
    const { steps, results } = await run(specs, { overwrite: 'true' });
    expect(results).toEqual(['rejected', 'replaced']);
    expect(steps[0]?.diagnostics[0]).toMatchObject({
      code: 'KUBE_STUCK',
      message: expect.stringContaining('lab.example/hold'),
    });
  });

  it('creates at most max_parallel running, the rest suspended, and starts those when slots are free', async () => {
    cluster.simulation.fate = () => ({ kind: 'running' });
    const specs = makeSpecs(6);
    const { steps } = await run(specs, { maxParallel: 2 });
    expect(steps.filter((step) => step.isWaiting)).toHaveLength(4);
    const running = (): string[] =>
      cluster.store
        .list('jobs')
        .filter((each) => each['spec'].suspend === false && each['status'].completionTime === undefined)
        .map((each) => each.metadata.name);
    expect(running()).toHaveLength(2);
    for (const name of running()) cluster.simulation.move('lab', name, { kind: 'succeeded' });
    const { summary } = await run(specs, { maxParallel: 2 });
    expect(summary.started).toBe(2);
    expect(running()).toHaveLength(2);
    // A limit that is high enough lets all go.
    expect((await run(specs, { maxParallel: 9 })).summary.started).toBe(2);
    expect(running()).toHaveLength(4);
  });

  it('gives the slot of a refused creation to one that waits', async () => {
    const refusal = { kind: 'Status', code: 422, reason: 'Invalid', message: 'Job "x" is invalid' };
    cluster.fail(
      { kind: 'answer', status: 422, body: refusal },
      { when: ({ method, path }) => method === 'POST' && path.endsWith('/jobs') },
    );
    const { results, summary } = await run(makeSpecs(3), { maxParallel: 1 });
    expect(results.toSorted()).toEqual(['created', 'created', 'rejected']);
    expect(summary.started).toBe(1);
    expect(names().filter((name) => job(name)['spec'].suspend !== true)).toHaveLength(1);
  });

  it('keeps to the max_parallel of an earlier launch, until another is given', async () => {
    cluster.simulation.fate = () => ({ kind: 'running' });
    await run(makeSpecs(3), { maxParallel: 1 });
    await expect.poll(() => job('alice-example-trial-0000')['status'].ready).toBe(1);
    const isRunning = () => names().filter((name) => job(name)['spec'].suspend !== true).length;
    const again = await run(makeSpecs(4));
    expect(again.summary.started).toBe(0);
    expect(again.steps.at(-1)).toMatchObject({ result: 'created', isWaiting: true });
    expect(isRunning()).toBe(1);
    expect((await run(makeSpecs(4), { maxParallel: 3 })).summary.started).toBe(2);
    expect(isRunning()).toBe(3);
  });

  it('stops for all when rights are missing, and says so once', async () => {
    cluster.denied = (_user, verb, resource) => verb === 'create' && resource === 'jobs';
    await expect(run(makeSpecs(20))).rejects.toMatchObject({
      diagnostics: [
        { code: 'KUBE_REFUSED', message: expect.stringContaining('cannot create resource "jobs"') },
      ],
    });
  });

  it('says that the namespace does not exist', async () => {
    api = new NamespaceApi(api.client, 'nowhere');
    await expect(run(makeSpecs(1))).rejects.toMatchObject({ diagnostics: [{ code: 'KUBE_NO_NAMESPACE' }] });
  });

  it('converges with another toolbox at work on the same trials', async () => {
    const other = new NamespaceApi(connectToFake(cluster, { policy: timelessPolicy() }), 'lab');
    const both = await Promise.all([run(makeSpecs(50)), run(makeSpecs(50), { on: other })]);
    other.client.close();
    expect(names()).toHaveLength(50);
    expect(both.flatMap(({ results }) => results).filter((result) => result === 'created')).toHaveLength(50);
    expect(both.flatMap(({ results }) => results)).not.toContain('rejected');
  });

  it('stops soon when it is interrupted, and nothing goes on', async () => {
    const interruption = new AbortController();
    const pending = run(makeSpecs(200), {
      signal: interruption.signal,
      report: () => interruption.abort(new Error('interrupted')),
    });
    await expect(pending).rejects.toThrow();
    const there = names().length;
    await new Promise((settle) => setTimeout(settle, 100));
    expect(names()).toHaveLength(there);
    expect((await run(makeSpecs(200))).summary.steps.created).toBe(200 - there);
  });

  it('converges after being killed at 100 random points', { timeout: 300_000 }, async () => {
    const kubeconfig = join(root, 'kubeconfig');
    await writeFile(kubeconfig, cluster.kubeconfig());
    const child = (version: string) =>
      spawn(
        process.execPath,
        [new URL('launch-in-child.ts', import.meta.url).pathname, root, '12', version],
        {
          env: { ...process.env, KUBECONFIG: kubeconfig },
          stdio: 'ignore',
        },
      );
    const ended = (process: ReturnType<typeof child>) => new Promise((settle) => process.on('close', settle));
    cluster.simulation.fate = () => (Math.random() < 0.5 ? { kind: 'failed' } : { kind: 'running' });
    for (let round = 0; round < 100; round += 1) {
      // Killed as soon as a number of requests have been seen: before, between and within them.
      const victim = child(`v${Math.floor(round / 5)}`);
      const over = ended(victim);
      const limit = cluster.requests.length + 1 + Math.floor(Math.random() * 40);
      let isOver = false;
      void over.then(() => {
        isOver = true;
      });
      while (!isOver && cluster.requests.length < limit) await new Promise((settle) => setImmediate(settle));
      victim.kill('SIGKILL');
      await over;
      // Never two Jobs of one trial, and never one that is not a trial.
      expect(names().length).toBeLessThanOrEqual(12);
    }
    cluster.simulation.fate = () => ({ kind: 'running' });
    expect(await ended(child('last'))).toBe(0);
    expect(names()).toEqual(makeSpecs(12).map((spec) => spec.name));
    for (const spec of makeSpecs(12, 'last'))
      expect(job(spec.name).metadata.annotations?.['kube-toolbox/fingerprint']).toBe(spec.fingerprint.hash);
    await expect.poll(() => names('pods').length).toBe(12);
  });
});

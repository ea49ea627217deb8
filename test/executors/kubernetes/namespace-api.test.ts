import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError, isApiError } from '../../../src/executors/kubernetes/api-error.ts';
import { NamespaceApi } from '../../../src/executors/kubernetes/namespace-api.ts';
import { type Job, jobs, pods, secrets } from '../../../src/executors/kubernetes/objects.ts';
import { follow, type Snapshot } from '../../../src/executors/kubernetes/watch.ts';
import type { FakeCluster } from '../../fakes/kubernetes-api.ts';
import { kinds } from '../../fakes/kubernetes-api-kinds.ts';
import type { ApiObject } from '../../fakes/kubernetes-api-store.ts';
import { connectToFake, jobObject, timelessPolicy, useFakeNamespace } from './connect-to-fake.ts';

const signal = new AbortController().signal;
const ours = (there: Job): boolean =>
  there.metadata.annotations?.['kube-toolbox/fingerprint'] === 'f'.repeat(64);

describe('objects of a namespace', () => {
  let cluster: FakeCluster;
  let api: NamespaceApi;

  useFakeNamespace((madeCluster, madeApi) => {
    cluster = madeCluster;
    api = madeApi;
  });

  const job = (name: string, rest = {}) => jobObject(name, rest) as { metadata: { name: string } };
  const create = (name: string, rest = {}) => api.create(jobs, job(name, rest), ours, signal);
  const fill = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const object = jobObject(`job-${String(index).padStart(5, '0')}`) as unknown as ApiObject;
      object.metadata.namespace = 'lab';
      cluster.store.add(kinds.jobs, object);
    }
  };

  it('lists page by page', async () => {
    fill(1234);
    const { items } = await api.list(jobs, { labels: 'user=alice' }, signal);
    expect(new Set(items.map((item) => item.metadata.name)).size).toBe(1234);
    expect(cluster.count('GET', /jobs$/)).toBe(3);
  });

  it('begins a listing anew when its version is compacted away, and never mixes two moments', async () => {
    fill(1200);
    const seen = cluster.requests;
    const first = api.list(jobs, {}, signal);
    while (seen.length === 0) await new Promise((settle) => setImmediate(settle));
    cluster.store.compact();
    cluster.store.remove('jobs', cluster.store.list('jobs')[0] as ApiObject);
    const { items } = await first;
    expect(items).toHaveLength(1199);
    expect(cluster.requests.some((each) => each.status === 410)).toBe(true);
  });

  it('never returns a partial listing', async () => {
    fill(1200);
    cluster.fail(
      { kind: 'answer', status: 410 },
      { times: 100, when: ({ url }) => url.searchParams.has('continue') },
    );
    await expect(api.list(jobs, {}, signal)).rejects.toSatisfy((error) => isApiError(error, 'Expired'));
  });

  it.each(['lost-before', 'lost-after'] as const)(
    'settles a create whose answer was %s by reading back',
    async (kind) => {
      cluster.fail({ kind }, { when: ({ method }) => method === 'POST' });
      const { object } = await create('once');
      expect(object.metadata.name).toBe('once');
      expect(cluster.store.list('jobs')).toHaveLength(1);
    },
  );

  it('tries again when creations compete for the counter of a quota', async () => {
    const message =
      'Operation cannot be fulfilled on resourcequotas "q": the object has been modified; please apply your changes to the latest version and try again';
    const body = {
      kind: 'Status',
      status: 'Failure',
      reason: 'Conflict',
      message,
      details: { name: 'q', kind: 'resourcequotas' },
      code: 409,
    };
    const isCreate = ({ method }: { method: string }): boolean => method === 'POST';
    cluster.fail({ kind: 'answer', status: 409, body }, { when: isCreate, times: 5 });
    expect((await create('counted')).created).toBe(true);
    const unknown = {
      ...body,
      reason: 'Forbidden',
      message: 'jobs.batch "x" is forbidden: status unknown for quota: q, resources: count/jobs.batch',
      details: { name: 'x', kind: 'jobs' },
      code: 403,
    };
    cluster.fail({ kind: 'answer', status: 403, body: unknown }, { when: isCreate, times: 2 });
    expect((await create('known')).created).toBe(true);
  });

  it.each([
    [
      'pods "x" is forbidden: failed quota: q: must specify limits.cpu for: llm; limits.memory for: llm',
      'the quota of the namespace wants limits.cpu for: llm; limits.memory for: llm to be set',
    ],
    [
      'pods "x" is forbidden: violates PodSecurity "baseline:latest": hostIPC',
      'the namespace forbids such pods',
    ],
    [
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      'the namespace takes only "restricted" pods',
    ],
    [
      'pods "x" is forbidden: maximum memory usage per Container is 16Gi, but limit is 64Gi',
      'the namespace limits resources',
    ],
    ['jobs.batch is forbidden: User "a" cannot list resource "jobs"', 'make doctor'],
    [
      'pods "x" is forbidden: no PriorityClass with name high was found',
      'the cluster has no PriorityClass "high": change priority_class',
    ],
    [
      'pods "x" is forbidden: error looking up service account lab/robot: serviceaccount "robot" not found',
      'change service_account',
    ],
  ])('says what to do about %s', (message, hint) => {
    const [told] = new ApiError(403, { message, reason: 'Forbidden' }).diagnostics;
    expect(told.message).toBe(`the cluster refuses: ${message}`);
    expect(told.hint).toContain(hint);
  });

  it('says of an outage that lasts that it is one', () => {
    expect(new ApiError(503, { message: 'etcdserver: no leader' })).toMatchObject({
      exitCode: 3,
      diagnostics: [{ code: 'KUBE_REFUSED', message: 'the cluster is in trouble: etcdserver: no leader' }],
    });
  });

  it.each([{ kind: 'lost-after' }, { kind: 'cut-answer' }] as const)(
    'counts as created what it has created itself, although the answer was lost: %o',
    async (fault) => {
      cluster.fail(fault, { when: ({ method }) => method === 'POST' });
      expect((await create('lost')).created).toBe(true);
    },
  );

  it('counts one of ours with the same fingerprint as created, and refuses another', async () => {
    await create('mine');
    expect((await create('mine')).created).toBe(false);
    await api.create(
      jobs,
      job('theirs', { annotations: { 'kube-toolbox/fingerprint': 'e'.repeat(64) } }),
      () => true,
      signal,
    );
    await expect(create('theirs')).rejects.toSatisfy((error) => isApiError(error, 'AlreadyExists'));
  });

  it('deletes only the object it was shown, pods and all', async () => {
    const { object } = await create('old');
    cluster.simulation.move('lab', 'old', { kind: 'running' });
    await api.delete(jobs, { name: 'old', uid: object.metadata.uid }, signal);
    await api.waitUntilGone(jobs, { name: 'old', uid: object.metadata.uid }, { patience: 5000 }, signal);
    expect(await api.get(jobs, 'old', signal)).toBeUndefined();
    await expect.poll(() => cluster.store.list('pods').length).toBe(0);
    const next = await create('old');
    expect(await api.delete(jobs, { name: 'old', uid: object.metadata.uid }, signal)).toBe('gone');
    expect((await api.get(jobs, 'old', signal))?.metadata.uid).toBe(next.object.metadata.uid);
  });

  it('does not delete an object that has changed since it was looked at', async () => {
    const { object } = await create('turned');
    cluster.simulation.move('lab', 'turned', { kind: 'succeeded' });
    expect(await api.delete(jobs, { ...object.metadata, name: 'turned' }, signal)).toBe('changed');
    expect(await api.get(jobs, 'turned', signal)).toBeDefined();
  });

  it.each(['lost-before', 'lost-after'] as const)('settles a deletion whose answer was %s', async (kind) => {
    const { object } = await create('away');
    cluster.fail({ kind }, { when: ({ method }) => method === 'DELETE' });
    await api.delete(jobs, { name: 'away', uid: object.metadata.uid }, signal);
    expect(await api.get(jobs, 'away', signal)).toBeUndefined();
  });

  it('says which finalizer keeps an object', async () => {
    const { object } = await create('held', { labels: {} });
    cluster.store.update('jobs', cluster.store.get('jobs', 'lab', 'held') as ApiObject, (copy) => {
      copy.metadata.finalizers = ['lab.example/hold'];
    });
    await api.delete(jobs, { name: 'held', uid: object.metadata.uid }, signal);
    await expect(
      api.waitUntilGone(jobs, { name: 'held', uid: object.metadata.uid }, { patience: 60_000 }, signal),
    ).rejects.toThrow('Job held is being deleted but does not go, held by "lab.example/hold"');
  });

  it('unsuspends', async () => {
    await create('paused', {
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'x' }] } },
      },
    });
    await api.patch(jobs, 'paused', { spec: { suspend: false } }, signal);
    expect((await api.get(jobs, 'paused', signal))?.spec?.suspend).toBe(false);
  });

  it('takes a Secret of 1 MiB, and is refused one byte more', async () => {
    const secret = (name: string, bytes: number) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      data: { a: Buffer.alloc(bytes).toString('base64') },
    });
    await api.create(secrets, secret('fits', 1_048_576 - 1), () => false, signal);
    await expect(
      api.create(secrets, secret('over', 1_048_576 + 1), () => false, signal),
    ).rejects.toMatchObject({
      reason: 'Invalid',
      message: 'Secret "over" is invalid: data: Too long: may not be more than 1048576 bytes',
    });
  });

  it('refuses fields the server does not know', async () => {
    await expect(create('odd', { spec: { nonsense: 1, template: { spec: {} } } })).rejects.toMatchObject({
      message: expect.stringContaining('unknown field "spec.nonsense"'),
    });
  });

  describe('followed', () => {
    let stop: AbortController;
    beforeEach(() => {
      stop = new AbortController();
    });
    afterEach(() => {
      stop.abort();
    });

    /** Follows until the condition holds of a snapshot. */
    const until = async (
      condition: (snapshot: Snapshot<Job>) => boolean,
      act: () => Promise<void> | void,
      silence = 5000,
    ) => {
      let hasActed = false;
      for await (const snapshot of follow(api, jobs, { labels: 'user=alice' }, stop.signal, { silence })) {
        if (condition(snapshot)) return snapshot;
        if (!hasActed) {
          hasActed = true;
          setTimeout(() => void act(), 50);
        }
      }
      return expect.unreachable('the watch ended');
    };
    const add = (name: string) => () => {
      const object = jobObject(name) as unknown as ApiObject;
      object.metadata.namespace = 'lab';
      cluster.store.add(kinds.jobs, object);
    };

    it('sees what is added, changed and deleted', async () => {
      await create('a');
      await until((all) => all.has('b'), add('b'));
      await until(
        (all) => !all.has('a'),
        () => cluster.store.remove('jobs', cluster.store.get('jobs', 'lab', 'a') as ApiObject),
      );
    });

    it('shows an object that changes and is deleted in one moment as it was at last', async () => {
      await create('a');
      const get = () => cluster.store.get('jobs', 'lab', 'a') as ApiObject;
      const seen: string[] = [];
      const act = () => {
        cluster.simulation.move('lab', 'a', { kind: 'succeeded' });
        cluster.store.remove('jobs', get());
        add('a')();
        cluster.store.remove('jobs', get());
      };
      await until((all) => {
        const job = all.get('a');
        seen.push(job === undefined ? 'gone' : (job.status?.conditions?.at(-1)?.type ?? 'new'));
        return seen.length > 1 && job === undefined;
      }, act);
      expect(seen.filter((state, index) => state !== seen[index - 1])).toEqual(
        expect.arrayContaining(['new', 'Complete', 'gone']),
      );
      expect(seen.at(-1)).toBe('gone');
    });

    const isWatch = ({ url }: { url: URL }): boolean => url.searchParams.has('watch');

    it('asks a server that has nothing but errors to say less and less often', async () => {
      const body =
        '{"type":"ERROR","object":{"kind":"Status","code":500,"message":"RequestWatchProgress is disabled"}}\n';
      let times = 0;
      const when = (request: { url: URL }): boolean => isWatch(request) && ++times > 0;
      cluster.fail({ kind: 'answer', status: 200, body }, { when, times: 9 });
      const policy = timelessPolicy();
      api = new NamespaceApi(connectToFake(cluster, { policy }), 'lab');
      await until(
        () => times >= 9,
        () => undefined,
      );
      expect(policy.slept.at(-1)).toBeGreaterThan(5000);
      expect(policy.slept).toEqual(policy.slept.toSorted((a, b) => a - b));
    });

    it.each([
      ['410 as a status', { kind: 'answer', status: 410 } as const],
      ['410 in the stream', { kind: 'expired-event' } as const],
      ['half an event', { kind: 'half-event' } as const],
      ['a reset in the middle of an event', { kind: 'reset-after', bytes: 30 } as const],
      ['a reset before the answer', { kind: 'lost-before' } as const],
    ])('survives %s', async (_name, what) => {
      cluster.fail(what, { when: isWatch });
      await until((all) => all.has('late'), add('late'));
    });

    it('gives up on a silent socket', async () => {
      cluster.fail({ kind: 'silence' }, { when: isWatch });
      await until((all) => all.has('late'), add('late'), 300);
    });

    it('goes on after an outage that outlasts all attempts', async () => {
      const policy = timelessPolicy();
      api = new NamespaceApi(connectToFake(cluster, { policy }), 'lab');
      const begun = policy.now?.() ?? 0;
      const isOut = (): boolean => (policy.now?.() ?? 0) - begun < 1_000_000;
      let hasBegun = false;
      const of = (request: { url: URL }): boolean => {
        hasBegun ||= isWatch(request);
        return hasBegun;
      };
      cluster.faults.add({
        what: { kind: 'answer', status: 503, headers: { 'retry-after': '600' } },
        when: of,
        while: isOut,
      });
      await until((all) => all.has('late'), add('late'));
      expect(isOut()).toBe(false);
      // From the first moment on, it is an error.
      cluster.fail({ kind: 'answer', status: 503 }, { times: 9999 });
      await expect(
        until(
          () => false,
          () => undefined,
        ),
      ).rejects.toMatchObject({ status: 503 });
    });

    it('takes bookmarks for signs of life and goes on from them', async () => {
      cluster.bookmarkInterval = 50;
      let watches = 0;
      cluster.faults.add({
        what: { kind: 'half-event' },
        when: (request) => isWatch(request) && ++watches === 1,
      });
      await until(
        (all) => all.has('late'),
        async () => {
          await new Promise((settle) => setTimeout(settle, 700));
          add('late')();
        },
        400,
      );
      const [, again] = cluster.requests.filter((each) => each.query.has('watch'));
      expect(again?.query.get('resourceVersion')).not.toBe('0');
    });

    it('passes on that the right to watch is missing', async () => {
      cluster.denied = (_user, verb) => verb === 'watch';
      await expect(
        until(
          () => false,
          () => undefined,
        ),
      ).rejects.toMatchObject({ reason: 'Forbidden' });
    });
  });

  it('counts 404 of the namespace as an error and not as absence', async () => {
    const elsewhere = new NamespaceApi(api.client, 'nowhere');
    await expect(
      elsewhere.create(pods, { metadata: { name: 'x' } }, () => false, signal),
    ).rejects.toMatchObject({
      reason: 'NotFound',
      details: { kind: 'namespaces' },
    });
  });
});

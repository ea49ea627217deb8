import { beforeEach, describe, expect, it } from 'vitest';
import { NamespaceApi } from '../../../src/executors/kubernetes/namespace-api.ts';
import { pods } from '../../../src/executors/kubernetes/objects.ts';
import { type LogOptions, readPodLog } from '../../../src/executors/kubernetes/pod-log.ts';
import type { FakeCluster } from '../../fakes/kubernetes-api.ts';
import type { ApiObject } from '../../fakes/kubernetes-api-store.ts';
import { addRunningPod, connectToFake, timelessPolicy, useFakeNamespace } from './connect-to-fake.ts';

const noRoute = {
  kind: 'Status',
  status: 'Failure',
  message: 'Get "https://10.0.0.7:10250/containerLogs/lab/p/main": dial tcp 10.0.0.7:10250: no route to host',
  code: 500,
};

describe('the log of a pod', () => {
  let cluster: FakeCluster;
  let api: NamespaceApi;

  useFakeNamespace((madeCluster, madeApi) => {
    cluster = madeCluster;
    api = madeApi;
    addRunningPod(cluster, 'p');
  });

  const write = (text: string, time?: string): void =>
    cluster.simulation.write('lab', 'p', text, 'main', time);
  const finish = (): void => cluster.simulation.movePod('lab', 'p', { kind: 'succeeded' });
  const read = async (
    options: Partial<LogOptions> = {},
    signal = new AbortController().signal,
  ): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of readPodLog(api, 'p', { follow: false, ...options }, signal)) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  };
  const isLog = ({ path }: { path: string }): boolean => path.endsWith('/log');

  it('is the output as it was written, without time stamps', async () => {
    write('one\n\n  two with 2026-01-01T00:00:00Z inside\nüñí\nno end');
    expect(await read()).toBe('one\n\n  two with 2026-01-01T00:00:00Z inside\nüñí\nno end');
  });

  it('is followed until the container ends', async () => {
    write('a\n');
    const pending = read({ follow: true });
    setTimeout(() => write('b\n'), 50);
    setTimeout(finish, 100);
    expect(await pending).toBe('a\nb\n');
  });

  it('is taken up after resets at every byte, with nothing lost and nothing twice', async () => {
    // Many lines in the same second, some with the same time, one that is long, one that is empty.
    const lines = Array.from(
      { length: 12 },
      (_, index) => `line ${index} ${'x'.repeat(index === 5 ? 200 : index)}\n`,
    );
    lines[7] = '\n';
    lines.forEach((line, index) => {
      write(
        line,
        `2026-01-01T00:00:0${Math.floor(index / 5)}.${String(Math.floor(index / 2)).padStart(9, '0')}Z`,
      );
    });
    finish();
    const whole = lines.join('');
    for (let bytes = 0; bytes < 700; bytes += 23) {
      cluster.fail({ kind: 'reset-after', bytes }, { when: isLog });
      cluster.fail({ kind: 'reset-after', bytes: bytes + 111 }, { when: isLog });
      expect(await read({ follow: true }), `reset after ${bytes} bytes`).toBe(whole);
      // Again and again, and before what was read already has come again.
      for (const again of [bytes + 150, bytes, 0, 40, bytes + 60])
        cluster.fail({ kind: 'reset-after', bytes: again }, { when: isLog });
      expect(await read({ follow: true }), `resets around ${bytes} bytes`).toBe(whole);
    }
  });

  it('keeps its place with tail=, also when the same second has older lines', async () => {
    for (const index of [0, 1, 2, 3, 4, 5]) write(`${index}\n`, `2026-01-01T00:00:00.00000000${index}Z`);
    finish();
    cluster.fail({ kind: 'reset-after', bytes: 40 }, { when: isLog });
    expect(await read({ follow: true, tailLines: 3 })).toBe('3\n4\n5\n');
  });

  it.each([
    'unable to retrieve container logs for containerd://4f3c2b',
    'unable to retrieve container logs for containerd://4f3c2b\nfailed to try resolving symlinks in path "/var/log"\n',
    'gone\n',
    'gone',
  ])('passes on what a node says where a log is gone, which has no stamp: %j', async (body) => {
    cluster.fail({ kind: 'answer', status: 200, body }, { when: isLog });
    expect(await read()).toBe(body);
    // And what is followed goes on from the last line that has one.
    write('a\n', '2026-01-01T00:00:00.1Z');
    cluster.fail({ kind: 'reset-after', bytes: 40 }, { when: isLog });
    cluster.fail({ kind: 'answer', status: 200, body: `${body.trim()}\n` }, { when: isLog });
    const before = cluster.count('GET', /log$/);
    const pending = read({ follow: true });
    await expect.poll(() => cluster.count('GET', /log$/)).toBe(before + 1);
    write('b\n', '2026-01-01T00:00:00.2Z');
    await expect.poll(() => cluster.count('GET', /log$/)).toBe(before + 3);
    finish();
    expect(await pending).toBe(`a\n${body.trim()}\nb\n`);
    for (const { path, query } of cluster.requests)
      if (path.endsWith('/log'))
        expect(query.get('sinceTime') ?? '2026-01-01T00:00:00Z').toBe('2026-01-01T00:00:00Z');
  });

  it('loses nothing when the clock of the node is set back', async () => {
    write('0\n', '2026-01-01T00:00:09.000000000Z');
    write('1\n', '2026-01-01T00:00:05.000000000Z');
    finish();
    expect(await read({ follow: true })).toBe('0\n1\n');
  });

  it('understands clocks with a time zone', async () => {
    for (const index of [0, 1, 2]) write(`${index}\n`, `2026-01-01T02:00:0${index}.000000000+02:00`);
    finish();
    cluster.fail({ kind: 'reset-after', bytes: 50 }, { when: isLog });
    expect(await read({ follow: true })).toBe('0\n1\n2\n');
  });

  it('waits for a container that has not begun, when followed', async () => {
    cluster.simulation.movePod('lab', 'p', { kind: 'creating' });
    cluster.store.update('pods', cluster.store.get('pods', 'lab', 'p') as ApiObject, (copy) => {
      copy['status'].phase = 'Pending';
    });
    expect(await read()).toBe('');
    const pending = read({ follow: true });
    setTimeout(() => {
      write('begun\n');
      cluster.simulation.movePod('lab', 'p', { kind: 'running' });
      setTimeout(finish, 30);
    }, 50);
    expect(await pending).toBe('begun\n');
  });

  describe('that is not followed and falls silent', () => {
    beforeEach(() => {
      api.client.close();
      api = new NamespaceApi(
        connectToFake(cluster, { policy: { ...timelessPolicy(), attemptTimeout: 200 } }),
        'lab',
      );
      write('a\nb\n');
    });

    it('is taken up where it was', async () => {
      cluster.fail({ kind: 'silence' }, { when: isLog });
      expect(await read()).toBe('a\nb\n');
      expect(cluster.count('GET', /\/log$/)).toBe(2);
    });

    it('is given up when it stays silent', async () => {
      cluster.fail({ kind: 'silence' }, { when: isLog, times: 100 });
      await expect(read()).rejects.toMatchObject({ diagnostics: [{ code: 'KUBE_UNREACHABLE' }] });
    });
  });

  it('ends when the pod has failed before the container began', async () => {
    const pod = cluster.store.get('pods', 'lab', 'p') as ApiObject;
    cluster.store.update('pods', pod, (copy) => {
      copy['status'] = {
        phase: 'Failed',
        initContainerStatuses: [{ name: 'code', state: { terminated: { exitCode: 128, reason: 'Error' } } }],
        containerStatuses: [{ name: 'main', state: { waiting: { reason: 'PodInitializing' } } }],
      };
    });
    expect(await read({ follow: true })).toBe('');
    expect(cluster.count('GET', /\/log$/)).toBe(1);
  });

  it('follows a container that prints nothing for long, whose answer has no head before the first byte', async () => {
    const asked = (): number => cluster.count('GET', /\/log$/);
    const pending = read({ follow: true, quiet: 30 });
    await expect.poll(asked, { timeout: 20_000 }).toBeGreaterThan(3);
    write('a\n');
    await expect.poll(asked, { timeout: 20_000 }).toBeGreaterThan(6);
    write('b\n');
    finish();
    expect(await pending).toBe('a\nb\n');
  });

  it('asks anew when the connection is half open', async () => {
    write('a\n');
    cluster.fail({ kind: 'silence' }, { when: isLog });
    const pending = read({ follow: true, quiet: 30 });
    await expect.poll(() => cluster.count('GET', /\/log$/)).toBeGreaterThan(0);
    write('b\n');
    finish();
    expect(await pending).toBe('a\nb\n');
  });

  it('reads the container before the restart', async () => {
    cluster.simulation.write('lab', 'p', 'before\n', 'main-previous');
    write('after\n');
    expect(await read({ previous: true })).toBe('before\n');
  });

  it('ends with what ran before the restart, also when followed', async () => {
    cluster.simulation.write('lab', 'p', 'before\n', 'main-previous');
    cluster.simulation.endLog('lab', 'p', 'main-previous');
    expect(await read({ follow: true, previous: true })).toBe('before\n');
    expect(cluster.count('GET', /log$/)).toBe(1);
  });

  it('goes on after an outage that outlasts all attempts, when followed; does not wait long for one of many', async () => {
    write('a\n');
    const policy = timelessPolicy();
    api = new NamespaceApi(connectToFake(cluster, { policy }), 'lab');
    await api.get(pods, 'p', new AbortController().signal);
    const isOut = (): boolean => (policy.now?.() ?? 0) < 1_000_000;
    cluster.faults.add({ what: { kind: 'answer', status: 500 }, while: isOut });
    const pending = read({ follow: true });
    await expect.poll(isOut).toBe(false);
    finish();
    expect(await pending).toBe('a\n');
    const begun = policy.now?.() ?? 0;
    cluster.fail({ kind: 'answer', status: 500 }, { times: 9999 });
    await expect(read()).rejects.toMatchObject({ status: 500 });
    expect((policy.now?.() ?? 0) - begun).toBeLessThanOrEqual(10_000);
  });

  it.each(['has ended', 'is being deleted'])(
    'is given up when its pod %s, and its node is gone',
    async (how) => {
      write('a\n');
      const policy = timelessPolicy();
      api = new NamespaceApi(connectToFake(cluster, { policy }), 'lab');
      const answer = { kind: 'answer', status: 500, body: noRoute } as const;
      cluster.fail(answer, { when: isLog, times: 9999 });
      const pending = read({ follow: true });
      await expect.poll(() => cluster.count('GET', /log$/)).toBeGreaterThan(20);
      if (how === 'has ended') finish();
      else
        cluster.store.update('pods', cluster.store.get('pods', 'lab', 'p') as ApiObject, ({ metadata }) => {
          metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
          metadata['finalizers'] = ['batch.kubernetes.io/job-tracking'];
        });
      await expect(pending).rejects.toMatchObject({ status: 500, message: noRoute.message });
    },
  );

  it('says that the pod or the previous container is not there', async () => {
    await expect(read({ previous: true })).rejects.toMatchObject({
      message: expect.stringContaining('previous terminated container "main"'),
    });
    await expect(read({ container: 'other' })).rejects.toMatchObject({
      message: 'container other is not valid for pod p',
    });
  });

  it('passes on a line of any length in pieces', async () => {
    write('x'.repeat(5_000_000));
    finish();
    let size = 0;
    let most = 0;
    for await (const chunk of readPodLog(api, 'p', { follow: true }, new AbortController().signal)) {
      size += chunk.length;
      most = Math.max(most, chunk.length);
    }
    expect(size).toBe(5_000_000);
    // What a socket hands over at once, and never the line.
    expect(most).toBeLessThan(200_000);
  });

  it('stops when it is aborted', async () => {
    write('a\n');
    const interruption = new AbortController();
    const pending = read({ follow: true }, interruption.signal);
    setTimeout(() => interruption.abort(new Error('enough')), 50);
    await expect(pending).rejects.toThrow(/enough|aborted/);
  });
});

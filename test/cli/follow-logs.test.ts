import { describe, expect, it } from 'vitest';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';
import { kinds } from '../fakes/kubernetes-api-kinds.ts';
import type { ApiObject } from '../fakes/kubernetes-api-store.ts';
import { type Answer, type ClusterProject, launchYaml, useClusterProject } from './cluster-project.ts';

describe('make logs follow=true', () => {
  let cluster: FakeCluster;
  let project: ClusterProject;
  const first = 'alice-example-average-data1-hid-256';
  const second = 'alice-example-average-data1-hid-512';

  useClusterProject((madeCluster, madeProject) => {
    cluster = madeCluster;
    project = madeProject;
  });

  const podsOf = (job: string): string[] =>
    cluster.simulation.podsOf('lab', job).map((pod) => pod.metadata.name);
  const podOf = (job: string): string => podsOf(job).at(-1) ?? '';
  const print = (job: string, text: string): void => cluster.simulation.write('lab', podOf(job), text);
  const logRequests = (): number => cluster.count('GET', /\/log$/);
  /** Begins to follow; `seen` waits for text on standard output or error. */
  const follow = (
    name: string,
    ...rest: string[]
  ): { ended: Promise<Answer>; seen: (text: string) => Promise<void> } => {
    let shown = '';
    let told = '';
    const options = {
      onStdout: (text: string) => {
        shown = text;
      },
      onStderr: (text: string) => {
        told = text;
      },
    };
    const ended = project.run(['logs', `name=${name}`, 'follow=true', ...rest], options);
    return { ended, seen: (text) => expect.poll(() => shown + told, { timeout: 20_000 }).toContain(text) };
  };

  it('prints pods that come later, until all have ended; through a 410 of the watch', async () => {
    cluster.simulation.fate = ({ metadata }) => ({
      kind: metadata.name === first ? 'running' : 'unschedulable',
    });
    await project.run(['job']);
    cluster.fail({ kind: 'expired-event' }, { when: ({ url }) => url.searchParams.has('watch'), times: 2 });
    const { ended, seen } = follow('*');
    await expect.poll(logRequests).toBe(1);
    print(first, 'one\n');
    await seen(`[${podOf(first)}] one\n`);
    cluster.simulation.move('lab', first, { kind: 'succeeded' });
    await seen(`waiting for ${second} to begin; make status says why`);
    cluster.simulation.move('lab', second, { kind: 'running' });
    await expect.poll(logRequests).toBeGreaterThanOrEqual(2);
    print(second, 'two\n');
    await seen(`[${podOf(second)}] two\n`);
    cluster.simulation.move('lab', second, { kind: 'succeeded' });
    expect(await ended).toMatchObject({
      code: 0,
      stdout: `[${podOf(first)}] one\n[${podOf(second)}] two\n`,
    });
  });

  it('waits for a pod where there is none yet, and goes on with the next attempt', async () => {
    await project.run(['job', 'where=hid=256']);
    const { ended, seen } = follow(first);
    await seen(`waiting for ${first} to begin`);
    cluster.simulation.move('lab', first, { kind: 'running' });
    print(first, 'first attempt\n');
    await seen('first attempt\n');
    const [old] = cluster.simulation.podsOf('lab', first) as [ApiObject];
    const name = `${first}-again`;
    cluster.simulation.movePod('lab', old.metadata.name, { kind: 'failed' });
    cluster.store.update('pods', cluster.store.get('pods', 'lab', old.metadata.name) as ApiObject, (copy) => {
      copy.metadata.creationTimestamp = '2020-01-01T00:00:00Z';
    });
    const metadata = { ...old.metadata, name, uid: 'another' };
    cluster.store.add(kinds.pods, { ...structuredClone(old), metadata, status: { phase: 'Pending' } });
    cluster.simulation.movePod('lab', name, { kind: 'running' });
    cluster.simulation.write('lab', name, 'second attempt\n');
    await seen('second attempt\n');
    cluster.simulation.movePod('lab', name, { kind: 'succeeded' });
    cluster.simulation.move('lab', first, { kind: 'succeeded' });
    expect(await ended).toMatchObject({ code: 0, stdout: 'first attempt\nsecond attempt\n' });
    // Whoever comes now sees the last attempt.
    expect((await project.run(['logs', `name=${first}`, 'follow=true'])).stdout).toBe('second attempt\n');
  });

  it('has 32 logs open at once, and the others after them', async () => {
    const hid = Array.from({ length: 40 }, (_, index) => index + 1);
    await project.write('config/launch.yaml', launchYaml.replace('[256, 512]', JSON.stringify(hid)));
    cluster.simulation.fate = () => ({ kind: 'running' });
    await project.run(['job']);
    const jobs = cluster.store.list('jobs').map((job) => job.metadata.name);
    expect(jobs).toHaveLength(40);
    await expect.poll(() => jobs.filter((job) => podOf(job) === '')).toEqual([]);
    for (const job of jobs) print(job, `${job}\n`);
    const { ended, seen } = follow('*');
    await seen('32 logs are followed at once; 8 more when those end');
    await expect.poll(logRequests).toBe(32);
    for (const job of jobs) cluster.simulation.move('lab', job, { kind: 'succeeded' });
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').sort()).toEqual(jobs.map((job) => `[${podOf(job)}] ${job}`).sort());
    expect(logRequests()).toBe(40);
  });

  it('ends with the Jobs, also when somebody deletes them, and with a pod of its own', async () => {
    cluster.simulation.fate = () => ({ kind: 'running' });
    await project.run(['job', 'where=hid=256']);
    await expect.poll(() => podOf(first)).not.toBe('');
    const jobs = follow('*256');
    await expect.poll(logRequests).toBe(1);
    const pod = podOf(first);
    await project.run(['delete_job', 'name=*256', 'yes=true']);
    cluster.simulation.endLog('lab', pod);
    expect(await jobs.ended).toMatchObject({ code: 0 });
    await project.run(['pod']);
    const interactive = 'alice-example-interactive-pod';
    const own = follow(interactive);
    await expect.poll(logRequests).toBe(2);
    cluster.simulation.write('lab', interactive, 'hello\n');
    await own.seen('hello\n');
    cluster.simulation.movePod('lab', interactive, { kind: 'succeeded' });
    expect(await own.ended).toMatchObject({ code: 0, stdout: 'hello\n' });
  });

  it('is of the newest Job of a name, and of the container that failed before the command began', async () => {
    cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 1, log: 'main\n' });
    await project.run(['job', 'where=hid=256']);
    await expect.poll(() => podOf(first)).not.toBe('');
    const [pod] = cluster.simulation.podsOf('lab', first) as [ApiObject];
    cluster.store.update('pods', pod, (copy) => {
      copy['spec'].initContainers = [{ name: 'code', image: 'x' }];
      const state = { terminated: { exitCode: 1, reason: 'Error' } };
      copy['status'].initContainerStatuses = [{ name: 'code', state }];
      copy['status'].containerStatuses = [
        { name: 'main', state: { waiting: { reason: 'PodInitializing' } } },
      ];
    });
    cluster.simulation.write('lab', pod.metadata.name, 'no such commit\n', 'code');
    const { code, stdout } = await project.run(['logs', `name=${first}`]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'no such commit\n' });
    const ending = {
      ...pod,
      metadata: {
        ...pod.metadata,
        name: 'old',
        uid: 'old',
        ownerReferences: [{ kind: 'Job', name: first, uid: 'before' }],
      },
    };
    cluster.store.add(kinds.pods, structuredClone(ending) as unknown as ApiObject);
    cluster.store.update('pods', cluster.store.get('pods', 'lab', 'old') as ApiObject, (copy) => {
      copy.metadata.creationTimestamp = '2020-01-01T00:00:00Z';
    });
    expect((await project.run(['logs', `name=${first}`])).stdout).toBe('no such commit\n');
  });

  it('waits for a pod by its own name, which has not begun', async () => {
    cluster.simulation.fate = () => ({ kind: 'unschedulable' });
    await project.run(['job', 'where=hid=256']);
    await expect.poll(() => podOf(first)).not.toBe('');
    const pod = podOf(first);
    const { ended, seen } = follow(pod);
    await seen(`waiting for ${pod} to begin`);
    cluster.simulation.move('lab', first, { kind: 'running' });
    print(first, 'hello\n');
    await seen('hello\n');
    cluster.simulation.move('lab', first, { kind: 'succeeded' });
    expect(await ended).toMatchObject({ code: 0, stdout: 'hello\n' });
  });

  it('says that nothing has run before a restart, or that there is no such container', async () => {
    cluster.simulation.fate = () => ({ kind: 'running' });
    await project.run(['job', 'where=hid=256']);
    await expect.poll(() => podOf(first)).not.toBe('');
    const { code, stderr } = await follow(first, 'previous=true').ended;
    expect(code).toBe(3);
    expect(stderr).toContain('error KUBE_NO_LOG');
    expect(stderr).toContain('has not been started again, so there is no log of before');
    expect((await project.run(['logs', `name=${first}`, 'container=foo'])).stderr).toContain('it has "main"');
  });
});

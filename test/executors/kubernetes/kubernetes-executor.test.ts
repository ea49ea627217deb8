import { describe, expect, it } from 'vitest';
import { KubernetesExecutor } from '../../../src/executors/kubernetes/kubernetes-executor.ts';
import { NamespaceApi } from '../../../src/executors/kubernetes/namespace-api.ts';
import type { JobSpec } from '../../../src/matrix/job-spec.ts';
import { testExecutorContract } from '../../contract/executor-contract.ts';
import { startFakeCluster } from '../../fakes/kubernetes-api.ts';
import { kinds } from '../../fakes/kubernetes-api-kinds.ts';
import type { ApiObject } from '../../fakes/kubernetes-api-store.ts';
import { connectToFake, jobObject } from './connect-to-fake.ts';
import { makeSpecs, owner, plainRenderer } from './plain-renderer.ts';

const never = new AbortController().signal;

/** An executor on a cluster whose Jobs run, and print, and end when they are told to. */
async function open() {
  const cluster = await startFakeCluster();
  const api = new NamespaceApi(connectToFake(cluster), 'lab');
  const executor = new KubernetesExecutor({ api, owner, renderer: plainRenderer() });
  const spec = (name: string, what: string): JobSpec => {
    const [first] = makeSpecs(1, what);
    if (first === undefined) throw new Error('a spec was to be made');
    return { ...first, name, fingerprint: { hash: what.padEnd(64, '0'), parts: {} } };
  };
  cluster.simulation.fate = (job) => ({
    kind: 'running',
    ...(job.metadata.annotations?.['kube-toolbox/fingerprint']?.startsWith('succeed') === true && {
      log: 'hello\n',
    }),
  });
  return {
    cluster,
    executor,
    spec,
    async advance(name: string, what: 'succeed' | 'fail'): Promise<void> {
      cluster.simulation.move(
        'lab',
        name,
        what === 'succeed' ? { kind: 'succeeded' } : { kind: 'failed', exitCode: 3 },
      );
    },
    async finished(): Promise<void> {
      api.client.close();
      await cluster.stop();
    },
  };
}

describe('KubernetesExecutor', () => {
  testExecutorContract('kubernetes', open);

  it('prepares the manifests that dryrun shows, which hold no Secret', async () => {
    const { executor, spec, finished } = await open();
    const { files } = executor.prepare(spec('good', 'succeed'));
    expect([...files.keys()]).toEqual(['good.yaml']);
    expect([...files.values()].join('\n')).not.toContain(Buffer.from('canary').toString('base64'));
    await finished();
  });

  it('leaves what belongs to somebody else', async () => {
    const { cluster, executor, spec, finished } = await open();
    const foreign = jobObject('taken', { labels: { user: 'bob' } });
    Object.assign(foreign['metadata'] as object, { namespace: 'lab' });
    cluster.store.add(kinds.jobs, { ...foreign, status: {} } as unknown as ApiObject);
    const submit = executor.submit(executor.prepare(spec('taken', 'hang')), never);
    await expect(submit).rejects.toMatchObject({ diagnostics: [{ code: 'KUBE_NAME_TAKEN' }] });
    const remove = executor.remove({ name: 'taken' }, never);
    await expect(remove).rejects.toMatchObject({ diagnostics: [{ code: 'KUBE_NAME_TAKEN' }] });
    expect(cluster.store.get('jobs', 'lab', 'taken')).toBeDefined();
    await finished();
  });

  it('does not remove a later Job of the same name, and counts its own as gone', async () => {
    const { cluster, executor, spec, finished } = await open();
    const first = await executor.submit(executor.prepare(spec('again', 'hang')), never);
    const { uid } = first;
    await executor.remove(first, never);
    const second = await executor.submit(executor.prepare(spec('again', 'hang')), never);
    expect(second.uid).not.toBe(uid);
    await executor.remove({ name: 'again', ...(uid !== undefined && { uid }) }, never);
    expect(cluster.store.get('jobs', 'lab', 'again')?.metadata.uid).toBe(second.uid);
    await finished();
  });

  it('tells a refusal by a diagnostic', async () => {
    const { cluster, executor, finished } = await open();
    cluster.fail({ kind: 'answer', status: 403 });
    await expect(executor.list(never)).rejects.toMatchObject({ diagnostics: [{ code: 'KUBE_REFUSED' }] });
    await finished();
  });
});

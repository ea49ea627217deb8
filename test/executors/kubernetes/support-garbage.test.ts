import { expect, it } from 'vitest';
import type { NamespaceApi } from '../../../src/executors/kubernetes/namespace-api.ts';
import { collectSupport, supportYouth } from '../../../src/executors/kubernetes/support-garbage.ts';
import { supportLabel } from '../../../src/render/owner-labels.ts';
import type { FakeCluster } from '../../fakes/kubernetes-api.ts';
import { kinds } from '../../fakes/kubernetes-api-kinds.ts';
import type { ApiObject } from '../../fakes/kubernetes-api-store.ts';
import { jobObject, useFakeNamespace } from './connect-to-fake.ts';
import { owner } from './plain-renderer.ts';

const never = new AbortController().signal;
const labels = { user: 'alice', project: 'example', 'app.kubernetes.io/managed-by': 'kube-toolbox' };

let cluster: FakeCluster;
let api: NamespaceApi;
useFakeNamespace((madeCluster, madeApi) => {
  cluster = madeCluster;
  api = madeApi;
});

const secret = (name: string): ApiObject =>
  cluster.store.add(kinds.secrets, {
    metadata: { name, namespace: 'lab', labels: { ...labels, [supportLabel]: 'env' } },
    type: 'Opaque',
    immutable: true,
    data: { TOKEN: 'Y2FuYXJ5' },
  } as unknown as ApiObject);
const jobWith = (name: string, secretName: string): ApiObject => {
  const envFrom = [{ secretRef: { name: secretName } }];
  const spec = { template: { spec: { containers: [{ name: 'main', image: 'i', envFrom }] } } };
  const object = jobObject(name, { spec }) as unknown as ApiObject;
  return cluster.store.add(kinds.jobs, { ...object, metadata: { ...object.metadata, namespace: 'lab' } });
};
const names = (): string[] => cluster.store.list('secrets').map(({ metadata }) => metadata.name);
const collect = (youth = 0) => collectSupport(api, owner, { keep: new Set(['kept']), youth }, never);

it('removes what no workload uses, and nothing younger than it is told', async () => {
  for (const name of ['kept', 'used', 'unused']) secret(name);
  jobWith('trial', 'used');
  expect(await collect(supportYouth)).toEqual({ removed: [], left: [] });
  expect(await collect()).toEqual({ removed: ['secret/unused'], left: [] });
  expect(names()).toEqual(['kept', 'used']);
});

it('puts back what a Job uses that another run has created meanwhile', async () => {
  const before = secret('shared');
  const stop = cluster.store.listen(({ type, plural }) => {
    if (type === 'DELETED' && plural === 'secrets') jobWith('trial', 'shared');
  });
  expect(await collect()).toEqual({ removed: [], left: [] });
  stop();
  const after = cluster.store.get('secrets', 'lab', 'shared');
  expect(after).toMatchObject({
    data: before['data'],
    immutable: true,
    metadata: { labels: before.metadata.labels },
  });
  expect(after?.metadata.uid).not.toBe(before.metadata.uid);
});

it('does without the right to list or delete', async () => {
  secret('unused');
  cluster.denied = (_user, verb, resource) => verb === 'delete' && resource === 'secrets';
  expect(await collect()).toEqual({ removed: [], left: ['secret/unused'] });
  cluster.denied = (_user, _verb, resource) => resource === 'jobs';
  expect(await collect()).toEqual({ removed: [], left: [] });
  // Services are only for trials on several nodes, and not everybody has a right to them.
  cluster.denied = (_user, _verb, resource) => resource === 'services';
  expect(await collect()).toEqual({ removed: ['secret/unused'], left: [] });
});

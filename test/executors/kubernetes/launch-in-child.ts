import { ApiClient } from '../../../src/executors/kubernetes/api-client.ts';
import { Connection } from '../../../src/executors/kubernetes/connection.ts';
import { readKubeconfig } from '../../../src/executors/kubernetes/kubeconfig.ts';
import { KubernetesExecutor } from '../../../src/executors/kubernetes/kubernetes-executor.ts';
import { launch } from '../../../src/executors/kubernetes/launch.ts';
import { NamespaceApi } from '../../../src/executors/kubernetes/namespace-api.ts';
import { DiskRecordStore } from '../../../src/records/record-store.ts';
import { makeSpecs, owner, plainRenderer } from './plain-renderer.ts';

// A launch in a process of its own, to be killed: node launch-in-child.ts ROOT COUNT VERSION

const [root = '.', count = '10', version = 'v1'] = process.argv.slice(2);
const access = await readKubeconfig(process.env);
const client = new ApiClient(new Connection(access, process.env, Date.now));
await launch(makeSpecs(Number(count), version), {
  executor: new KubernetesExecutor({
    api: new NamespaceApi(client, 'lab'),
    owner,
    renderer: plainRenderer(),
  }),
  records: new DiskRecordStore(root, () => undefined),
  root,
  overwrite: 'changed',
  concurrency: 4,
  now: Date.now(),
  report: () => undefined,
  signal: new AbortController().signal,
});
client.close();

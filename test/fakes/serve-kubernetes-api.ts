import { writeFile } from 'node:fs/promises';
import { startFakeCluster } from './kubernetes-api.ts';

// The fake as a process of its own, for measuring and for trying things by hand:
// node test/fakes/serve-kubernetes-api.ts KUBECONFIG-TO-WRITE [PORT]

const [kubeconfig = 'kubeconfig', port = '0'] = process.argv.slice(2);
const cluster = await startFakeCluster({ port: Number(port) });
await writeFile(kubeconfig, cluster.kubeconfig());
process.stdout.write(`${cluster.url}\n`);
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => void cluster.stop().then(() => process.exit(0)));

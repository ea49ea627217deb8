import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../src/executors/kubernetes/api-client.ts';
import { Connection } from '../../src/executors/kubernetes/connection.ts';
import { readKubeconfig } from '../../src/executors/kubernetes/kubeconfig.ts';
import { launch } from '../../src/executors/kubernetes/launch.ts';
import { NamespaceApi } from '../../src/executors/kubernetes/namespace-api.ts';
import { jobs, pathOf } from '../../src/executors/kubernetes/objects.ts';
import { ownerSelector } from '../../src/executors/kubernetes/owner.ts';
import { DiskRecordStore } from '../../src/records/record-store.ts';
import { kubeYaml, launchYaml } from '../cli/cluster-project.ts';
import { makeSpecs, owner, plainRenderer } from '../executors/kubernetes/plain-renderer.ts';
import { startFakeCluster } from '../fakes/kubernetes-api.ts';

// Speed against the fake in a process of its own, or against the cluster of BENCH_KUBECONFIG (namespace
// BENCH_NAMESPACE, default `lab`; it creates suspended Jobs named alice-example-… and removes them).
// Targets: creating at 80 % of a bare client's rate and 6 times kubectl's; doing nothing within 1.5 times the
// bare listing; the first request 150 ms after process start.

const concurrency = 32;
const { signal } = new AbortController();
const folder = await mkdtemp(join(tmpdir(), 'bench-kubernetes-'));
const namespace = process.env['BENCH_NAMESPACE'] ?? 'lab';
const kubeconfig = process.env['BENCH_KUBECONFIG'] ?? join(folder, 'kubeconfig');
const server =
  process.env['BENCH_KUBECONFIG'] === undefined
    ? spawn(process.execPath, [join(import.meta.dirname, '../fakes/serve-kubernetes-api.ts'), kubeconfig], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    : undefined;
if (server !== undefined) await once(server.stdout, 'data');

const access = await readKubeconfig({ KUBECONFIG: kubeconfig });
const connection = new Connection(access, process.env, Date.now);
const client = new ApiClient(connection, {
  policy: { concurrency },
  notice: (message) => process.stderr.write(`${message}\n`),
});
const api = new NamespaceApi(client, namespace);
const renderer = plainRenderer({ break: () => ({ suspend: true }) });
const records = new DiskRecordStore(folder, () => undefined);

const sweep = (count: number, prefix: string, specs = makeSpecs(count, 'v1', prefix)) =>
  launch(specs, {
    api,
    owner,
    renderer,
    records,
    root: folder,
    concurrency,
    report: () => undefined,
    signal,
  });

/** As little as a client can do: one agent, the same bodies, as many at once. */
async function bare(
  method: string,
  path: string,
  bodies: readonly (string | undefined)[],
): Promise<Buffer[]> {
  const credential = await connection.credential();
  const queue = bodies.values();
  const answers: Buffer[] = [];
  const work = async (): Promise<void> => {
    for (const body of queue) {
      const headers = { 'content-type': 'application/json' };
      const response = await connection.send(
        { method, path, headers, ...(body === undefined ? {} : { body }), signal },
        credential,
      );
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      if ((response.statusCode ?? 0) >= 300) throw new Error(Buffer.concat(chunks).toString('utf8'));
      answers.push(Buffer.concat(chunks));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return answers;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function clear(): Promise<void> {
  const { items } = await api.list(jobs, { labels: ownerSelector(owner) }, signal);
  await Promise.all(items.map((job) => api.delete(jobs, job.metadata, signal)));
}

function bodiesOf(count: number, prefix: string): string[] {
  return makeSpecs(count, 'v1', prefix).map((spec) => {
    const rendered = renderer.job(spec);
    return rendered.ok ? JSON.stringify(rendered.value.workload.object) : '';
  });
}

const count = Number(process.env['BENCH_JOBS'] ?? 2000);
const path = pathOf(jobs, namespace);
// Once unmeasured, so that neither pays for the other's warm code and connections.
await sweep(200, 'warm');
await bare('POST', path, bodiesOf(200, 'warm-bare'));
await clear();
const best = { bare: Number.POSITIVE_INFINITY, ours: Number.POSITIVE_INFINITY };
for (let round = 0; round < 3; round += 1) {
  const bodies = bodiesOf(count, `bare-${round}`);
  best.bare = Math.min(best.bare, await seconds(() => bare('POST', path, bodies)));
  await clear();
  best.ours = Math.min(best.ours, await seconds(() => sweep(count, `ours-${round}`)));
  await clear();
}
report('creating Jobs, bare client', count / best.bare, 'a second');
report(
  'creating Jobs, ours',
  count / best.ours,
  `a second (${Math.round((best.bare / best.ours) * 100)} % of bare, at least 80)`,
);

const few = Math.min(200, count);
await mkdir(join(folder, 'manifests'));
for (const [index, body] of bodiesOf(few, 'kubectl').entries())
  await writeFile(join(folder, 'manifests', `${index}.json`), body);
const applied = await seconds(async () => {
  const args = ['apply', '--namespace', namespace, '-f', join(folder, 'manifests')];
  const ran = spawnSync('kubectl', args, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    encoding: 'utf8',
  });
  if (ran.status !== 0) process.stderr.write(`kubectl: ${ran.error?.message ?? ran.stderr}\n`);
});
report(
  'creating Jobs, kubectl apply',
  few / applied,
  `a second (ours is ${(count / best.ours / (few / applied)).toFixed(1)} times that, at least 6)`,
);
await clear();

const many = Number(process.env['BENCH_LISTED'] ?? 5000);
await sweep(many, 'many');
const pages = async (): Promise<void> => {
  for (let token = ''; ; ) {
    const query = new URLSearchParams({
      limit: '500',
      labelSelector: ownerSelector(owner),
      ...(token === '' ? {} : { continue: token }),
    });
    const [answer] = await bare('GET', `${path}?${query}`, [undefined]);
    token = /"continue":"([^"]+)"/.exec(answer?.subarray(0, 400).toString('utf8') ?? '')?.[1] ?? '';
    if (token === '') return;
  }
};
const specs = makeSpecs(many, 'v1', 'many');
const listed = { bare: Number.POSITIVE_INFINITY, ours: Number.POSITIVE_INFINITY };
for (let round = 0; round < 5; round += 1) {
  listed.bare = Math.min(listed.bare, await seconds(pages));
  listed.ours = Math.min(listed.ours, await seconds(() => sweep(many, 'many', specs)));
}
report(`listing ${many} Jobs, bare`, listed.bare * 1000, 'ms');
report(
  'nothing to do for them',
  listed.ours * 1000,
  `ms (${(listed.ours / listed.bare).toFixed(2)} times bare, at most 1.5)`,
);
await clear();
client.close();
server?.kill();

await measureStart();
await rm(folder, { recursive: true });

/** From the start of the process to its first request at the API server, for `job` as it ships. */
async function measureStart(): Promise<void> {
  const cluster = await startFakeCluster();
  await mkdir(join(folder, 'project/config'), { recursive: true });
  await writeFile(join(folder, 'project/config/launch.yaml'), launchYaml);
  await writeFile(join(folder, 'project/config/kube.yaml'), kubeYaml);
  await writeFile(join(folder, 'project/kubeconfig'), cluster.kubeconfig());
  const bin = join(import.meta.dirname, '../../dist/bin.js');
  await readFile(bin);
  const times: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    cluster.requests.length = 0;
    const begun = performance.now();
    const child = spawn(process.execPath, [bin, 'job'], {
      cwd: join(folder, 'project'),
      env: { ...process.env, KUBECONFIG: join(folder, 'project/kubeconfig') },
      stdio: 'ignore',
    });
    while (cluster.requests.length === 0 && child.exitCode === null)
      await new Promise((settle) => setImmediate(settle));
    times.push(performance.now() - begun);
    await once(child, 'close');
  }
  await cluster.stop();
  report('first request of job after process start', Math.min(...times), 'ms (at most 150)');
}

function report(what: string, value: number, unit: string): void {
  process.stdout.write(`${what}: ${Math.round(value)} ${unit}\n`);
}

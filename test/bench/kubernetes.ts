import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../src/executors/kubernetes/api-client.ts';
import { Connection } from '../../src/executors/kubernetes/connection.ts';
import { readKubeconfig } from '../../src/executors/kubernetes/kubeconfig.ts';
import { KubernetesExecutor } from '../../src/executors/kubernetes/kubernetes-executor.ts';
import { launch } from '../../src/executors/kubernetes/launch.ts';
import { NamespaceApi } from '../../src/executors/kubernetes/namespace-api.ts';
import { jobs, pathOf } from '../../src/executors/kubernetes/objects.ts';
import { ownerSelector } from '../../src/executors/kubernetes/owner.ts';
import { DiskRecordStore } from '../../src/records/record-store.ts';
import { kubeYaml, launchYaml } from '../cli/cluster-project.ts';
import { makeSpecs, owner, plainRenderer } from '../executors/kubernetes/plain-renderer.ts';
import { type FakeCluster, startFakeCluster } from '../fakes/kubernetes-api.ts';
import { type BenchCase, runCases } from './bench.ts';

// Speed against the fake in a process of its own, or against the cluster of BENCH_KUBECONFIG (namespace
// BENCH_NAMESPACE, default `lab`; it creates suspended Jobs named alice-example-… and removes them).

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
    executor: new KubernetesExecutor({ api, owner, renderer }),
    records,
    root: folder,
    concurrency,
    now: Date.now(),
    report: () => undefined,
    signal,
  });

/** As little as a client can do: one agent, the same bodies, as many at once. */
async function bare(
  method: string,
  path: string,
  bodies: readonly (string | undefined)[],
): Promise<Buffer[]> {
  const credential = await connection.credential(new AbortController().signal);
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
const few = Math.min(200, count);
const many = Number(process.env['BENCH_LISTED'] ?? 5000);
const path = pathOf(jobs, namespace);

const bodies = bodiesOf(count, 'bare');
const manifests = join(folder, 'manifests');
await mkdir(manifests);
for (const [index, body] of bodiesOf(few, 'kubectl').entries())
  await writeFile(join(manifests, `${index}.json`), body);

function applyByKubectl(): void {
  const args = ['apply', '--namespace', namespace, '-f', manifests];
  const ran = spawnSync('kubectl', args, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    encoding: 'utf8',
  });
  if (ran.status !== 0) throw new Error(`kubectl: ${ran.error?.message ?? ran.stderr}`);
}

/** The listing of all pages, as little as a client can do for it. */
async function fetchListing(): Promise<void> {
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
}

const listed = makeSpecs(many, 'v1', 'many');
let areListed = false;

/** `job` as it ships, from the start of its process to its first request at an API server. */
class FirstRequest {
  readonly #cluster: FakeCluster;
  readonly #project = join(folder, 'project');
  #child: ChildProcess | undefined;

  private constructor(cluster: FakeCluster) {
    this.#cluster = cluster;
  }

  static async open(): Promise<FirstRequest> {
    const first = new FirstRequest(await startFakeCluster());
    await mkdir(join(first.#project, 'config'), { recursive: true });
    await writeFile(join(first.#project, 'config/launch.yaml'), launchYaml);
    await writeFile(join(first.#project, 'config/kube.yaml'), kubeYaml);
    await writeFile(join(first.#project, 'kubeconfig'), first.#cluster.kubeconfig());
    return first;
  }

  async run(): Promise<void> {
    const bin = join(import.meta.dirname, '../../dist/bin.js');
    const child = spawn(process.execPath, [bin, 'job'], {
      cwd: this.#project,
      env: { ...process.env, KUBECONFIG: join(this.#project, 'kubeconfig') },
      stdio: 'ignore',
    });
    this.#child = child;
    while (this.#cluster.requests.length === 0) {
      if (child.exitCode !== null) throw new Error(`job ended with ${child.exitCode} and sent nothing`);
      await new Promise((settle) => setImmediate(settle));
    }
  }

  /** Lets the run before end, which is not measured. */
  async prepare(): Promise<void> {
    if (this.#child !== undefined && this.#child.exitCode === null) await once(this.#child, 'close');
    this.#cluster.requests.length = 0;
  }

  async close(): Promise<void> {
    await this.prepare();
    await this.#cluster.stop();
  }
}

const firstRequest = await FirstRequest.open();

const cases: readonly BenchCase[] = [
  {
    name: `create ${count} suspended Jobs`,
    unit: 'Jobs',
    prepare: clear,
    async run() {
      await sweep(count, 'ours');
      return { count };
    },
    floor: {
      name: 'a bare client',
      async run() {
        await bare('POST', path, bodies);
      },
    },
    target: "≥ 80 % of a bare client's rate",
    meets: ({ ratio = Number.POSITIVE_INFINITY }) => ratio <= 1 / 0.8,
  },
  {
    name: `create ${few} suspended Jobs`,
    unit: 'Jobs',
    prepare: clear,
    async run() {
      await sweep(few, 'ours');
      return { count: few };
    },
    floor: { name: 'kubectl apply', run: applyByKubectl },
    target: "≥ 6 × kubectl's rate",
    meets: ({ ratio = Number.POSITIVE_INFINITY }) => ratio <= 1 / 6,
  },
  {
    name: `job again, nothing to do for ${many} Jobs`,
    unit: 'Jobs',
    async prepare() {
      if (areListed) return;
      await clear();
      await sweep(many, 'many', listed);
      areListed = true;
    },
    async run() {
      await sweep(many, 'many', listed);
      return { count: many };
    },
    floor: { name: 'the bare listing', run: fetchListing },
    target: '≤ 1.5 × the listing',
    meets: ({ ratio = Number.POSITIVE_INFINITY }) => ratio <= 1.5,
  },
  {
    name: 'job, from process start to its first request',
    unit: 'starts',
    times: 9,
    prepare: () => firstRequest.prepare(),
    async run() {
      await firstRequest.run();
      return { count: 1 };
    },
    floor: { name: '`node -e 0`', run: () => void execFileSync(process.execPath, ['-e', '0']) },
    // 150 ms where Node itself takes 25 ms; on a busy machine both take longer.
    target: '≤ 6 × `node -e 0`',
    meets: ({ ratio = Number.POSITIVE_INFINITY }) => ratio <= 6,
  },
];

try {
  await runCases(cases);
} finally {
  await firstRequest.close();
  await clear();
  client.close();
  server?.kill();
  await rm(folder, { recursive: true });
}

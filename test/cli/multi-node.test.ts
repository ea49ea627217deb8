import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';
import { type ClusterProject, kubeYaml, useClusterProject } from './cluster-project.ts';

const name = 'alice-example-big';

let cluster: FakeCluster;
let project: ClusterProject;

useClusterProject(async (madeCluster, madeProject) => {
  cluster = madeCluster;
  project = madeProject;
  await project.write('config/kube.yaml', `${kubeYaml}gpu_count: 4\n`);
  await project.write('config/launch.yaml', 'model:\n  big: {command: torchrun train.py, workers: 2}\n');
});

interface Service {
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>> & { readonly selector: Readonly<Record<string, string>> };
}

type Template = {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly subdomain: string;
    readonly containers: readonly {
      readonly env: readonly {
        readonly name: string;
        readonly value?: string;
        readonly valueFrom?: object;
      }[];
    }[];
  };
};

it('is an Indexed Job whose pods find the first by the name that the Service gives it', async () => {
  await project.run(['dryrun']);
  const texts = await Promise.all(
    (await readdir(join(project.root, 'build'))).map((file) =>
      readFile(join(project.root, 'build', file), 'utf8'),
    ),
  );
  const objects = texts.flatMap((text) =>
    parseAllDocuments(text).map((each) => each.toJS() as { kind: string }),
  );
  const job = objects.find(({ kind }) => kind === 'Job') as unknown as {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly template: Template };
  };
  const service = objects.find(({ kind }) => kind === 'Service') as unknown as Service;
  expect(job.spec).toMatchObject({
    completionMode: 'Indexed',
    completions: 3,
    parallelism: 3,
    backoffLimit: 0,
  });

  // What the cluster makes of it: pod I of Job J is called J-I, and has the label job-name=J.
  const { metadata, spec } = job.spec.template;
  expect(spec.subdomain).toBe(service.metadata.name);
  expect(service.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
  expect({ ...metadata.labels, 'batch.kubernetes.io/job-name': job.metadata.name }).toMatchObject(
    service.spec.selector,
  );
  const env = new Map(spec.containers[0]?.env.map((each) => [each.name, each.value ?? each.valueFrom]));
  const address = `${job.metadata.name}-0.${service.metadata.name}`;
  const rank = {
    fieldRef: { fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']" },
  };
  expect(Object.fromEntries(env)).toMatchObject({
    MASTER_ADDR: address,
    MASTER_PORT: '29500',
    WORLD_SIZE: '3',
    RANK: rank,
    NNODES: '3',
    GPUS_PER_NODE: '4',
    // torchrun takes the default of its option --nproc-per-node from PET_NPROC_PER_NODE, and so on.
    PET_NNODES: '3',
    PET_NODE_RANK: rank,
    PET_NPROC_PER_NODE: '4',
    PET_MASTER_ADDR: address,
    PET_MASTER_PORT: '29500',
  });
});

it('has its Service before its Job, and no longer than it', async () => {
  cluster.simulation.fate = () => ({ kind: 'running' });
  await project.run(['job']);
  const created = cluster.requests
    .filter(({ method }) => method === 'POST' || method === 'PATCH')
    .map(({ path }) => path.replace(/.*\/(services|jobs).*/, '$1'))
    .filter((kind) => kind === 'services' || kind === 'jobs');
  expect(created[0]).toBe('services');
  expect(created).toContain('jobs');
  await project.run(['delete', '--yes=true']);
  expect(cluster.store.list('services', 'lab')).toEqual([]);
});

it('prints its log rank by rank', async () => {
  cluster.simulation.fate = () => ({ kind: 'running', log: 'hello\n' });
  await project.run(['job']);
  const { stdout } = await project.run(['logs', `--name=${name}`]);
  expect(stdout.replaceAll(/-\w{5}\]/g, ']')).toBe(
    [0, 1, 2].map((rank) => `[${name}-${rank}] hello\n`).join(''),
  );
});

it('has failed when one of its pods has', async () => {
  cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 7, failedIndexes: [1] });
  const ran = await project.run(['job', '--wait=true']);
  expect(ran.code).toBe(1);
  expect((await project.run(['status'])).stdout).toMatch(new RegExp(`${name} +failed.*7.*node 1: `));
});

import path from 'node:path';
import { expect, test } from 'vitest';
import type { ResolvedFields } from '../../src/config/resolved-fields.ts';
import { fieldDefaults } from '../../src/config/written-defaults.ts';
import type { RenderInputs } from '../../src/render/create-renderer.ts';
import { kinds } from '../fakes/kubernetes-api-kinds.ts';
import type { Kind } from '../fakes/kubernetes-api-status.ts';
import type { ApiObject } from '../fakes/kubernetes-api-store.ts';
import { decode, validate } from '../fakes/kubernetes-api-validation.ts';
import { expectGolden } from '../setup/golden.ts';
import { configWith, dotenvOf, filesOf, rendererWith, specWith, unwrap } from './fixture.ts';
import { lineDifference } from './line-difference.ts';

// Each field of the specification's table, as what it changes in the manifest of base.yaml.

const golden = path.join(import.meta.dirname, '../golden/manifests');

interface Case {
  readonly fields: Partial<ResolvedFields>;
  readonly inputs?: Partial<Omit<RenderInputs, 'templates'>>;
  readonly env?: Readonly<Record<string, string>>;
}

const dotenv = dotenvOf(
  'WANDB_API_KEY=canary-key\nWANDB_MODE=offline\nCUDA_VISIBLE_DEVICES=3\nS3_ENDPOINT_URL=https://s3.example.org/x\nLDAP_USERNAME=jdoe\nLDAP_UID=1000\nLDAP_GROUPNAME=lab\nLDAP_GID=2000\nSCRATCH_PVC=lab-scratch\nSCRATCH_MOUNT_PATH=/scratch\n',
);

const cases: Readonly<Record<string, Case>> = {
  image: { fields: { image: 'ghcr.io/lab/torch:2' } },
  image_pull_secrets: { fields: { image_pull_secrets: ['one', 'two'] } },
  toolbox_image: { fields: { toolbox_image: 'ghcr.io/lab/kube-toolbox:1' } },
  'code-git': {
    fields: { code: 'git', ssh_host: 'git.example.org', ssh_port: 22 },
    inputs: {
      code: { git: { kind: 'git', commit: 'a'.repeat(40), url: 'ssh://git@git.example.org/lab/x.git' } },
    },
  },
  'code-snapshot': {
    fields: { code: 'snapshot' },
    inputs: {
      code: {
        snapshot: {
          kind: 'snapshot',
          digest: 'd'.repeat(64),
          from: { store: 'configmaps', names: ['code-1', 'code-2'] },
        },
      },
    },
  },
  conda_home: { fields: { conda_home: '/root/miniconda3' } },
  startup_script: { fields: { startup_script: 'cd /app\nsource venv/bin/activate' } },
  extra_startup_script: { fields: { extra_startup_script: 'pip install -e .' } },
  env: { fields: {}, env: { OMP_NUM_THREADS: '8', PYTHONPATH: 'lib', PRICE: '$(HOME) costs $$5' } },
  gpu_count: { fields: { gpu_count: 2 } },
  'gpu_count-fraction': { fields: { gpu_count: 0.5, scheduler_name: 'runai-scheduler' } },
  special_gpu: { fields: { gpu_count: 1, special_gpu: 'a100', gpu_whitelist: ['NVIDIA-A10'] } },
  cpu_count: { fields: { cpu_count: 0.1, limit_ratio: 3 } },
  memory: { fields: { memory: 1.5, limit_ratio: 1.2 } },
  ephemeral_storage: { fields: { ephemeral_storage: 250 } },
  limit_ratio: { fields: { limit_ratio: 1 } },
  volumes: { fields: { volumes: { 'lab.data': '/data', shm: '/data/shm' } } },
  shm_size: { fields: { shm_size: 8 } },
  tolerations: {
    fields: {
      tolerations: [
        { key: 'nautilus.io/issue', operator: 'Exists', effect: 'NoSchedule' },
        { key: 'lab', operator: 'Equal', value: 'vision', effect: 'NoExecute', tolerationSeconds: 60 },
      ],
    },
  },
  gpu_whitelist: { fields: { gpu_whitelist: ['NVIDIA-A10', 'NVIDIA-RTX-A6000'] } },
  gpu_blacklist: { fields: { gpu_blacklist: ['Quadro-RTX-6000'] } },
  hostname_whitelist: {
    fields: { hostname_whitelist: ['node-17.example.org'], gpu_blacklist: ['Quadro-RTX-6000'] },
  },
  hostname_blacklist: { fields: { hostname_blacklist: ['node-17.example.org'] } },
  file: {
    fields: { file: ['.env', 'src', 'weights.bin'] },
    inputs: {
      config: configWith({ dotenv }),
      readFiles: filesOf({
        '.env': dotenv.file?.text ?? '',
        'src/run.sh': '#!/bin/bash\n',
        'src/a b.py': 'print(1)\n',
        'weights.bin': new Uint8Array([0, 1, 255]),
      }),
    },
  },
  dotenv: { fields: {}, env: { WANDB_API_KEY: 'from env' }, inputs: { config: configWith({ dotenv }) } },
  data: { fields: { data: ['data/', 'checkpoints/base.pt'] } },
  outputs: { fields: { outputs: ['out/x/'] } },
  sync_every: {
    fields: { outputs: ['out/x/'], sync_every: 300 },
    inputs: { config: configWith({ dotenv }) },
  },
  retries: { fields: { retries: 3 } },
  timeout: { fields: { timeout: 43_200 } },
  ttl: { fields: { ttl: 604_800 } },
  labels: { fields: { labels: { team: 'vision', user: 'somebody-else' } } },
  annotations: { fields: { annotations: { 'example.org/cost-centre': '1234' } } },
  node_selector: { fields: { node_selector: { 'topology.kubernetes.io/region': 'us-west' } } },
  priority_class: { fields: { priority_class: 'opportunistic' } },
  priority: { fields: { priority: '1' } },
  service_account: { fields: { service_account: 'experiments' } },
  scheduler_name: { fields: { scheduler_name: 'volcano' } },
  queue: { fields: { queue: 'team-a' } },
  ports: { fields: { ports: [{ containerPort: 8888 }, { name: 'metrics', containerPort: 9090 }] } },
  run_as_user: { fields: { run_as_user: 1000, run_as_group: 100 } },
  host_ipc: { fields: { host_ipc: true } },
  server: {
    fields: {
      server: {
        redis: { image: 'redis:7', port: 6379, memory: 2, cpu_count: 0.5, volumes: { socket: '/run/redis' } },
        model: {
          command: 'vllm serve "$MODEL" --port $(PORT)',
          gpu_count: 1,
          env: { MODEL: 'x' },
          volumes: { socket: '/s' },
        },
      },
    },
  },
  identity: {
    fields: { identity: { shell: '/bin/zsh', hf_home: '/scratch/hf', sudo: true } },
    inputs: { config: configWith({ dotenv }) },
  },
  workers: { fields: { workers: 3, gpu_count: 4 } },
};

const base = unwrap((await rendererWith()).job(specWith()));

/** The scripts' ConfigMap is named by their text, which changes more often than manifests do. */
const steady = (text: string) => text.replaceAll(/-scripts-[0-9a-f]{10}/g, '-scripts-0123456789');

test('the manifest with nothing but defaults', () => {
  expectGolden(steady(base.workload.text), path.join(golden, 'base.yaml'));
  expect(base.support.map((each) => each.kind)).toEqual(['ConfigMap']);
});

test.each(Object.entries(cases))('%s', async (name, { fields, inputs, env }) => {
  const renderer = await rendererWith(inputs);
  const { workload, support } = unwrap(renderer.job(specWith(fields, env && { env })));
  const objects = support
    .filter((each) => !/-scripts-/.test(each.name))
    .map((each) => `\n# ${each.kind}\n${each.text}`);
  const text = `${lineDifference(base.workload.text, workload.text)}\n${objects.join('')}`;
  expectGolden(steady(text), path.join(golden, `${name}.diff`));
  expect(workload.text).not.toContain('canary');
  const { workload: pod } = unwrap(renderer.pod(specWith(fields, env && { env })));
  for (const each of [...support, workload, pod]) expect(refusalOf(each)).toBeUndefined();
});

/** What a server says of an object that it does not take. */
function refusalOf({ kind, object }: { readonly kind: string; readonly object: object }): unknown {
  const known = Object.values<Kind>(kinds).find((each) => each.kind === kind) as Kind;
  const copy = structuredClone(object) as ApiObject;
  const { refusal, unknown } = decode(known, copy);
  return refusal ?? unknown[0] ?? validate(known, copy)?.body;
}

test('the uploading sidecar is the last to start, and so the first to be stopped', async () => {
  const renderer = await rendererWith();
  const fields = {
    outputs: ['out/'],
    sync_every: 60,
    toolbox_image: 'lab/toolbox',
    server: { redis: { image: 'redis' } },
  };
  const { workload } = unwrap(renderer.job(specWith(fields)));
  const { template } = workload.object['spec'] as {
    template: { spec: { initContainers: { name: string }[] } };
  };
  expect(template.spec.initContainers.map(({ name }) => name)).toEqual(['toolbox', 'redis', 'sync']);
});

test('every field that a manifest depends on has a case', () => {
  const elsewhere = [
    'registry_host',
    'gitlab_user',
    'server_command',
    'pack',
    'runai',
    'python_env',
    'ssh_host',
    'ssh_port',
    'code',
    'run_as_group',
    'endpoint_map',
    'special_gpu',
  ];
  const missing = Object.keys(fieldDefaults).filter(
    (field) => !(field in cases) && !elsewhere.includes(field),
  );
  expect(missing).toEqual([]);
});

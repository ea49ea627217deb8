import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { rights } from '../../src/executors/kubernetes/rights.ts';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';
import { kinds } from '../fakes/kubernetes-api-kinds.ts';
import type { Kind } from '../fakes/kubernetes-api-status.ts';
import type { ApiObject } from '../fakes/kubernetes-api-store.ts';
import { type ClusterProject, kubeYaml, useClusterProject } from './cluster-project.ts';
import { startProject } from './data-project.ts';

let cluster: FakeCluster;
let project: ClusterProject;

useClusterProject((madeCluster, madeProject) => {
  cluster = madeCluster;
  project = madeProject;
});

const add = (kind: Kind, name: string, rest: object = {}, labels: Record<string, string> = {}): void => {
  cluster.store.add(kind, {
    metadata: { name, labels, ...(kind.namespaced === false ? {} : { namespace: 'lab' }) },
    ...rest,
  } as unknown as ApiObject);
};
/** The findings about cluster and bucket, without the other topics. */
const doctor = async (env: Record<string, string> = {}): Promise<{ code: number; text: string }> => {
  const { code, stdout } = await project.run(['doctor'], { env });
  const start = stdout.search(/^(?:Cluster|Bucket)$/m);
  return { code, text: start === -1 ? '' : stdout.slice(start) };
};

describe('doctor and the cluster', () => {
  it('finds a sound cluster sound, and changes nothing there', async () => {
    const { code, text } = await doctor();
    expect(text).toBe(
      [
        'Cluster',
        `  ok       context "fake" leads to ${cluster.url}`,
        '  ok       Kubernetes v1.36.0 answers',
        '  ok       namespace "lab" is there',
        '  ok       all rights in namespace "lab"',
        '  ok       the pod of a trial is taken (dry run)',
        '',
      ].join('\n'),
    );
    expect(code).toBe(0);
    const written = cluster.requests.filter(
      ({ method, path: where }) => method !== 'GET' && !where.endsWith('/selfsubjectaccessreviews'),
    );
    expect(written).toMatchObject([{ path: '/api/v1/namespaces/lab/pods' }]);
    expect(cluster.store.list('pods')).toEqual([]);
    expect(existsSync(path.join(project.root, '.toolbox/secret-key'))).toBe(false);
  });

  it('says what does not work on an older server', async () => {
    cluster.minor = 26;
    const { code, text } = await doctor();
    expect(text).toContain(
      [
        '  warning  Kubernetes v1.26.0 is older than 1.29: Jobs with side containers do not end there, the nodes of a trial do not find each other',
        '           mend: leave out `server:`, `sync_every:`, `workers:`, or ask for a newer cluster',
      ].join('\n'),
    );
    expect(code).toBe(0);
  });

  it.each([
    [
      'pods "kube-toolbox-doctor-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      'mend: the namespace takes only "restricted" pods',
    ],
    [
      'pods "kube-toolbox-doctor-x" is forbidden: minimum cpu usage per Container is 2, but request is 1',
      'mend: the namespace limits resources: change cpu_count',
    ],
    ['admission webhook "policy.lab" denied the request: no', 'mend: make dryrun writes the manifest'],
    ['User "x" cannot create resource "pods" in API group ""', undefined],
    ['pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1', undefined],
  ])('says that pods are refused before a Job waits for one: %s', async (message, mend) => {
    const body = { kind: 'Status', status: 'Failure', code: 403, reason: 'Forbidden', message };
    cluster.fail(
      { kind: 'answer', status: 403, body },
      { when: ({ method, url }) => method === 'POST' && url.searchParams.get('dryRun') === 'All' },
    );
    const { code, text } = await doctor();
    if (mend === undefined)
      expect({ code, text }).toEqual({ code: 0, text: expect.not.stringContaining('pod of') });
    else {
      expect(code).toBe(3);
      expect(text).toContain(`  problem  the pod of a trial is refused: ${message}\n           ${mend}`);
    }
  });

  it('says which rights are missing, and what for', async () => {
    cluster.denied = (_user, verb, resource) =>
      (resource === 'jobs' && verb !== 'get') || (resource === 'pods/exec' && verb === 'create');
    const { code, text } = await doctor();
    expect(code).toBe(3);
    expect(text).toContain(
      '  problem  you may not create, delete, list, patch, watch jobs.batch in namespace "lab"\n' +
        '           mend: have an administrator grant them: docs/role.yaml, see docs/cluster.md#rights\n',
    );
    expect(text).toContain(
      '  warning  you may not create pods/exec in namespace "lab"; needed for exec and copy\n',
    );
  });

  it('takes a namespace without any right for one that may be misspelt', async () => {
    cluster.denied = () => true;
    const { code, text } = await doctor();
    expect(code).toBe(3);
    expect(text).toContain(
      '  problem  you have no rights in namespace "lab", if there is one of that name\n' +
        '           mend: correct `namespace` in config/kube.yaml, or have an administrator grant them: docs/role.yaml, see docs/cluster.md#rights\n',
    );
    expect(text.match(/problem/g)).toHaveLength(1);
  });

  it('says that the namespace does not exist, also to who may not look at namespaces', async () => {
    await project.write('config/kube.yaml', kubeYaml.replace('namespace: lab', 'namespace: labb'));
    const looked = await doctor();
    expect(looked.code).toBe(3);
    expect(looked.text).toContain('  problem  there is no namespace "labb" on this cluster\n');
    expect(looked.text).not.toContain('all rights');
    cluster.denied = (_user, _verb, resource) => resource === 'namespaces';
    const tried = await doctor();
    expect(tried.code).toBe(3);
    expect(tried.text).toContain('  problem  there is no namespace "labb" on this cluster\n');
    await project.write('config/kube.yaml', kubeYaml);
    expect((await doctor()).text).toContain('  ok       namespace "lab" takes objects\n');
    expect(cluster.store.list('configmaps')).toEqual([]);
  });

  it('tells what is left of the quota, and when no trial fits any more', async () => {
    add(kinds.resourcequotas, 'gpus', {
      spec: { hard: {} },
      status: {
        hard: { 'requests.nvidia.com/gpu': '8', 'count/jobs.batch': '100', memory: '2Ti' },
        used: { 'requests.nvidia.com/gpu': '7', 'count/jobs.batch': '20', memory: '900Gi' },
      },
    });
    expect((await doctor()).text).toContain(
      '  ok       quota "gpus": requests.nvidia.com/gpu 7 of 8, count/jobs.batch 20 of 100, memory 900Gi of 2Ti\n',
    );
    await project.write('config/kube.yaml', `${kubeYaml}gpu_count: 2\n`);
    expect((await doctor()).text).toContain(
      '  warning  the quota "gpus" has no room for one more trial: requests.nvidia.com/gpu 7 of 8\n',
    );
  });

  it('looks for the image pull secret and the claims', async () => {
    const text = kubeYaml.replace('image_pull_secrets: null', 'image_pull_secrets: [pull, wrong, none]');
    await project.write('config/kube.yaml', `${text}volumes: {data: /data, slow: /slow, gone: /gone}\n`);
    add(kinds.secrets, 'pull', { type: 'kubernetes.io/dockerconfigjson' });
    add(kinds.secrets, 'wrong', { type: 'Opaque' });
    add(kinds.persistentvolumeclaims, 'data', { status: { phase: 'Bound' } });
    add(kinds.persistentvolumeclaims, 'slow', { status: { phase: 'Pending' } });
    const answer = await doctor();
    expect(answer.code).toBe(3);
    expect(answer.text).toContain('  ok       image pull secret "pull" is there\n');
    expect(answer.text).toContain('  problem  the secret "wrong" has the type Opaque');
    expect(answer.text).toContain(
      '  problem  the image pull secret "none" does not exist\n           mend: make image-secret makes it',
    );
    expect(answer.text).toContain('  ok       volume claim "data" is bound\n');
    expect(answer.text).toContain('  ok       volume claim "slow" is there, and waits for its first pod\n');
    expect(answer.text).toContain('  problem  the volume claim "gone" does not exist\n');
  });

  it('compares GPU and host lists with the nodes, where it may', async () => {
    const gpu = (product: string) => ({ 'nvidia.com/gpu.product': product });
    add(kinds.nodes, 'a', {}, { ...gpu('NVIDIA-A100'), 'kubernetes.io/hostname': 'a' });
    add(kinds.nodes, 'b', {}, { ...gpu('NVIDIA-L40'), 'kubernetes.io/hostname': 'b' });
    await project.write('config/kube.yaml', `${kubeYaml}gpu_whitelist: [NVIDIA-A100]\n`);
    expect((await doctor()).text).toContain('  ok       1 of 2 nodes match gpu_whitelist [NVIDIA-A100]\n');
    await project.write(
      'config/kube.yaml',
      `${kubeYaml}gpu_whitelist: [NVIDIA-A100]\nhostname_blacklist: [a]\n`,
    );
    const { code, text } = await doctor();
    expect(code).toBe(3);
    expect(text).toContain(
      '  problem  no node matches gpu_whitelist [NVIDIA-A100] and hostname_blacklist [a]\n' +
        '           mend: the GPUs of this cluster are: NVIDIA-A100, NVIDIA-L40; the hosts are: a, b\n',
    );
    cluster.denied = (_user, _verb, resource) => resource === 'nodes';
    expect((await doctor()).text).not.toContain('node');
  });

  it('says once that nobody is there, or that the credentials are not accepted', async () => {
    await project.write('kubeconfig', cluster.kubeconfig({ user: { token: 'old' } }));
    const { text } = await doctor();
    expect(text).toContain(
      'does not accept the credentials of context "fake"\n           mend: sign in again',
    );
    await project.write('kubeconfig', cluster.kubeconfig({ cluster: { server: 'https://127.0.0.1:9' } }));
    const { code, text: nobody } = await doctor();
    expect(code).toBe(3);
    expect(nobody.match(/cannot reach the cluster/g)).toHaveLength(1);
  });

  it('does not mind a machine without a kubeconfig, which runs trials itself', async () => {
    const { code, text } = await doctor({ KUBECONFIG: '/nowhere/kubeconfig' });
    expect(code).toBe(0);
    expect(text).toContain('  warning  no kubeconfig found at /nowhere/kubeconfig\n');
  });
});

describe('docs/role.yaml', () => {
  const granted = async (): Promise<ReadonlySet<string>> => {
    const text = await readFile(path.resolve(import.meta.dirname, '../../docs/role.yaml'), 'utf8');
    const [role] = parseAllDocuments(text).map((each) => each.toJS()) as {
      rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
    }[];
    return new Set(
      role?.rules.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource} ${group}`)),
        ),
      ),
    );
  };

  it('grants what doctor asks for, and nothing else', async () => {
    const asked = rights.flatMap(({ group, resource, verbs }) =>
      verbs.map((verb) => `${verb} ${resource} ${group}`),
    );
    expect([...(await granted())].sort()).toEqual(asked.sort());
  });

  it('is enough for every command', async () => {
    const may = await granted();
    const refused: string[] = [];
    cluster.denied = (_user, verb, resource) => {
      if (may.has(`${verb} ${resource} ${resource === 'jobs' ? 'batch' : ''}`)) return false;
      refused.push(`${verb} ${resource}`);
      return true;
    };
    await project.write('.env', 'KEY=value-of-the-key\n');
    await project.write('config/kube.yaml', kubeYaml.replace('file: null', 'file: [config]\nworkers: 1'));
    const run = async (...argv: string[]): Promise<void> => {
      const { code, stderr } = await project.run(argv);
      expect(`${argv[0]} ${code} ${code === 0 ? '' : stderr}`).toBe(`${argv[0]} 0 `);
    };
    await run('job', 'max_parallel=1');
    await run('job', 'overwrite=true', 'max_parallel=1');
    for (const name of ['256', '512']) {
      cluster.simulation.move('lab', `alice-example-average-data1-hid-${name}`, {
        kind: 'succeeded',
        log: 'a\n',
      });
      await run('status');
    }
    await run('wait');
    await run('logs', 'name=*256');
    await run('pod');
    cluster.simulation.movePod('lab', 'alice-example-interactive-pod', { kind: 'running' });
    await run('exec', 'pod=alice-example-interactive-pod', 'command=true');
    await run('copy', 'pod=alice-example-interactive-pod', 'file=config');
    await run('delete', 'yes=true');
    await run('doctor');
    expect(refused.filter((each) => !/namespaces|nodes/.test(each))).toEqual([]);
  });
});

describe('doctor and the bucket', () => {
  it('lists it, and says what is wrong with address, name or credentials', async () => {
    const { run, write, server } = await startProject();
    const sound = await run('doctor');
    expect(sound.stdout).toMatch(/\n\nBucket\n {2}ok {7}bucket ".*" at http.* can be listed\n$/);
    const env = (changed: Record<string, string>): string =>
      Object.entries({ ...server.env, ...changed })
        .map(([name, value]) => `${name}=${value}\n`)
        .join('');
    write('.env', env({ AWS_SECRET_ACCESS_KEY: 'wrong' }));
    const wrong = await run('doctor');
    expect(wrong.code).not.toBe(0);
    expect(wrong.stdout).toMatch(/\nBucket\n {2}problem {2}.*\n {11}mend: /);
    expect(server.log.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});

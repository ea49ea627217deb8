import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kinds } from '../fakes/kubernetes-api-kinds.ts';
import { useRunaiProject } from './runai-project.ts';

const first = 'alice-example-average-data1-hid-256';
const second = 'alice-example-average-data1-hid-512';

const lab = useRunaiProject();

/** What the Secret holds, decoded. */
function secret(name = 'lab-alice-env'): Record<string, string> | undefined {
  const put = lab.cluster.requests.findLast(
    ({ method, path }) => path.includes('/secrets') && (method === 'POST' || method === 'PATCH'),
  );
  const body = put?.body as { metadata?: { name?: string }; data?: Record<string, string> } | undefined;
  if (body?.data === undefined || (body.metadata?.name ?? name) !== name) return undefined;
  return Object.fromEntries(
    Object.entries(body.data).map(([key, value]) => [key, value && Buffer.from(value, 'base64').toString()]),
  );
}

describe('job', () => {
  it('submits each trial, after .env is in the Secret, and says so as on Kubernetes', async () => {
    const ran = await lab.run(['job']);
    expect(ran).toMatchObject({
      code: 0,
      stdout: [
        `Job '${first}' not found. Creating the job.`,
        `job.run.ai/${first} created`,
        `Job '${second}' not found. Creating the job.`,
        `job.run.ai/${second} created`,
        '',
      ].join('\n'),
    });
    expect(ran.stderr).toBe('secret/lab-alice-env created\n2 created\n');
    expect(Object.keys(lab.state.workloads).sort()).toEqual([first, second]);
    expect(lab.state.workloads[first]?.flags['--environment']).toContain(
      'WANDB_API_KEY=SECRET:lab-alice-env,WANDB_API_KEY',
    );
    expect(secret()).toEqual({ WANDB_API_KEY: 'canary-1', LDAP_USERNAME: 'alice' });
    const record = await readFile(join(lab.project.root, '.toolbox/runs', first, 'record.json'), 'utf8');
    expect(JSON.stringify(lab.state) + record + ran.stdout + ran.stderr).not.toContain('canary');
  });

  it('leaves what is there, frees the name of what has failed, and keeps its log', async () => {
    await lab.run(['job']);
    lab.set({ [first]: 'Failed', [second]: 'Running' });
    const ran = await lab.run(['job']);
    expect(ran.stdout).toBe(
      [
        `Job '${first}' failed (run:ai says Failed). Deleting the job and creating it again.`,
        `job.run.ai/${first} deleted`,
        `job.run.ai/${first} created`,
        `Job '${second}' is running. Leaving it.`,
        '',
      ].join('\n'),
    );
    expect(lab.state.workloads[first]?.status).toBe('Pending');
    const log = join(lab.project.root, '.toolbox/runs', first, 'attempt-1.log');
    expect(await readFile(log, 'utf8')).toBe(`log of ${first}\n`);
    // The Secret holds it already.
    expect(ran.stderr).toContain('secret/lab-alice-env unchanged');
  });

  it('says what has changed, and replaces it when asked', async () => {
    await lab.run(['job']);
    lab.set({ [first]: 'Running', [second]: 'Running' });
    await lab.project.write(
      'config/launch.yaml',
      'gpu_count: 1\nmodel:\n  average: {command: "python src/avg.py <fn>", hparam: {hid: [256, 512]}}\ndataset:\n  data1: {hparam: {_fn: data/1.txt}}\n',
    );
    expect((await lab.run(['job'])).stdout).toContain('has changed since: resources. Leaving it');
    const replaced = await lab.run(['job', '--overwrite=changed']);
    expect(replaced.stdout).toMatch(
      /^Job '.*' is running, and has changed since: resources\. Deleting the job and creating it again\.$/m,
    );
    expect(replaced.stderr).not.toContain('changed)');
    expect(lab.state.workloads[first]?.flags['--gpu']).toEqual(['1']);
  });

  it('does not delete a workload of that name that nothing says is ours', async () => {
    await lab.project.write('config/launch.yaml', 'prefix: ""\nmodel:\n  average: {command: "true"}\n');
    await lab.run(['job']);
    lab.set({ 'example-average': 'Failed' });
    await rm(join(lab.project.root, '.toolbox'), { recursive: true });
    const ran = await lab.run(['job']);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('RUNAI_NAME_TAKEN');
    expect(lab.state.workloads['example-average']?.status).toBe('Failed');
  });

  it('submits no more than max_parallel at once; whoever looks next goes on with the rest', async () => {
    const ran = await lab.run(['job', '--max_parallel=1']);
    expect(ran).toMatchObject({ code: 3 });
    expect(ran.stdout).toContain(`Job '${second}' not found. Not created: max_parallel is reached.`);
    expect((await lab.run(['status'])).stdout).toMatch(
      new RegExp(`${second} +suspended.*waiting for one of 1 slots`),
    );
    expect(Object.keys(lab.state.workloads)).toEqual([first]);
    lab.set({ [first]: 'Succeeded' });
    const status = await lab.run(['status']);
    expect(status.stderr).toContain(`job.run.ai/${second} created`);
    expect(status.stdout).toMatch(new RegExp(`${second} +pending`));
    lab.set({ [second]: 'Succeeded' });
    expect(await lab.run(['wait'])).toMatchObject({ code: 0, stderr: '2 succeeded, 0 failed\n' });
  });

  it('with wait, goes on until all have ended', async () => {
    const ran = await lab.run(['job', '--max_parallel=1', '--wait=true'], { RUNAI_NEXT: 'Succeeded' });
    expect(ran.code).toBe(0);
    expect(Object.keys(lab.state.workloads)).toEqual([first, second]);
  });
});

describe('what runs', () => {
  it('status shows it, wait tells how it ended, and records remember', async () => {
    await lab.run(['job']);
    lab.set({ [first]: 'Running', [second]: 'ImagePullBackOff' });
    const status = await lab.run(['status']);
    expect(status.stdout).toMatch(new RegExp(`${first} +running`));
    expect(status.stdout).toContain('the image cannot be pulled');
    lab.set({ [first]: 'Succeeded', [second]: 'Failed' });
    const waited = await lab.run(['wait']);
    expect(waited).toMatchObject({ code: 1, stderr: '1 succeeded, 1 failed\n' });
    await lab.run(['delete-job', `--name=${first}`, '--yes=true']);
    expect((await lab.run(['status'])).stdout).toMatch(new RegExp(`${first} +succeeded`));
  });

  it('status says what the pods and events of waiting and failed ones say', async () => {
    await lab.run(['job']);
    lab.set({ [second]: 'Failed' });
    lab.describe(first, {
      events: ['[FailedScheduling] 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.'],
    });
    lab.describe(second, {
      pod: 'OOMKilled',
      events: ['[BackoffLimitExceeded] Job has reached the specified backoff limit'],
    });
    const { stdout } = await lab.run(['status']);
    expect(stdout).toContain('FailedScheduling: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.');
    expect(stdout).toContain('out of memory');
    lab.set({ [first]: 'Succeeded' });
    expect((await lab.run(['wait'])).stdout).toContain(`Job '${second}' failed (out of memory)`);
    const described = lab.state.calls.filter(([verb]) => verb === 'describe');
    expect(described).toContainEqual(['describe', 'job', first, '--project', 'lab-alice']);
  });

  it('logs are its own', async () => {
    await lab.run(['job']);
    expect((await lab.run(['logs', `--name=${first}`])).stdout).toBe(`log of ${first}\n`);
    const { stdout, stderr } = await lab.run(['logs', '--name=*', '--json']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toEqual({
      type: 'trial-output',
      name: first,
      text: `log of ${first}\n`,
    });
  });

  it('logs of a pattern are one’s own, of the project that a lab shares', async () => {
    await lab.run(['job']);
    lab.add('bob-secret', 'Running');
    const { stdout, stderr } = await lab.run(['logs', '--name=*']);
    expect(stdout.split('\n').sort()).toEqual(['', `log of ${first}`, `log of ${second}`]);
    expect(stderr).not.toContain('bob');
  });

  it('vscode, as port-forward, finds the pod of a workload', async () => {
    const pod = 'alice-example-interactive-pod';
    lab.cluster.store.add(kinds.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${pod}-0-0`, namespace: 'lab', uid: '', resourceVersion: '', creationTimestamp: '' },
      spec: { containers: [{ name: 'main', image: 'lab/python:3' }] },
      status: { phase: 'Running' },
    });
    const ran = await lab.run(['vscode', `--pod=${pod}`]);
    expect(decodeURIComponent(ran.stdout)).toContain('+podname=alice-example-interactive-pod-0-0+');
  });

  it('exec runs in it, and ends with its exit code', async () => {
    await lab.run(['pod']);
    const name = 'alice-example-interactive-pod';
    lab.set({ [name]: 'Running' });
    expect(lab.state.workloads[name]?.flags['--interactive']).toEqual([true]);
    const ran = await lab.run(['exec', `--pod=${name}`, '--command=exit 7']);
    expect(ran).toMatchObject({ code: 7, stdout: `in ${name}: /bin/zsh -c exit 7\n` });
  });

  it('a second pod gets a name of its own', async () => {
    await lab.run(['pod']);
    expect((await lab.run(['pod'])).stdout).toBe('pod/alice-example-interactive-pod-1 created\n');
  });
});

describe('delete', () => {
  it('removes what is ours, or of that what has failed, and nobody else’s', async () => {
    await lab.run(['job']);
    await lab.run(['pod']);
    lab.add('bob-example-average', 'Failed');
    lab.set({ [first]: 'Failed' });
    expect((await lab.run(['clean-jobs', '--yes=true'])).stdout).toBe(`job.run.ai/${first} deleted\n`);
    await lab.run(['delete', '--yes=true']);
    expect(Object.keys(lab.state.workloads)).toEqual(['bob-example-average']);
  });
});

it('what has succeeded stays so when its workload is deleted', async () => {
  await lab.run(['job']);
  lab.set({ [first]: 'Succeeded' });
  await lab.run(['delete', '--yes=true']);
  expect((await lab.run(['status'])).stdout).toMatch(new RegExp(`${first} +succeeded`));
  expect((await lab.run(['job'])).stdout).toContain(`Job '${first}' succeeded`);
});

describe('secret', () => {
  it('follows .env, and loses what .env no longer has', async () => {
    expect((await lab.run(['secret'])).stdout).toBe('secret/lab-alice-env created\n');
    expect((await lab.run(['secret'])).stdout).toBe('secret/lab-alice-env unchanged\n');
    await lab.project.write('.env', 'HF_TOKEN=canary-2\n');
    expect((await lab.run(['secret'])).stdout).toBe('secret/lab-alice-env replaced\n');
    expect(secret()).toEqual({ HF_TOKEN: 'canary-2', WANDB_API_KEY: null, LDAP_USERNAME: null });
  });

  it('on Kubernetes, is the one named by its content', async () => {
    await lab.project.write(
      'config/kube.yaml',
      'project_name: example\nuser: alice\nnamespace: lab\ncode: image\nfile: null\n',
    );
    const ran = await lab.run(['secret']);
    expect(ran.stdout).toMatch(/^secret\/alice-example-env-\w+ applied\n$/);
    expect(ran.stdout + ran.stderr).not.toContain('canary');
  });
});

describe('doctor', () => {
  it('looks whether the Secret can be written, and says where the namespace comes from', async () => {
    expect((await lab.run(['doctor'])).stdout).toContain(
      'ok       the Secret of .env goes to namespace "lab"',
    );
    lab.cluster.denied = (_user, verb, resource) => resource === 'secrets' && verb === 'patch';
    const denied = await lab.run(['doctor']);
    expect(denied.code).toBe(3);
    expect(denied.stdout).toContain('you may not patch secrets in namespace "lab"');
    expect(denied.stdout).toContain('or correct `namespace` in config/kube.yaml');
    await lab.project.write(
      'config/kube.yaml',
      'backend: runai\nproject_name: example\nuser: alice\nimage: lab/python:3\nrunai: {project: lab-alice}\n',
    );
    await lab.project.write('.env', 'WANDB_API_KEY=canary-1\nLDAP_USERNAME=alice\nK8S_NAMESPACE=labb\n');
    const missing = await lab.run(['doctor']);
    expect(missing.code).toBe(3);
    expect(missing.stdout).toContain('there is no namespace "labb" on this cluster');
    expect(missing.stdout).toContain('mend: correct K8S_NAMESPACE in .env');
  });

  it('asks run:ai whether it knows its user and the project', async () => {
    await lab.run(['job']);
    expect((await lab.run(['doctor'])).stdout).toContain('run:ai project lab-alice: 2 workloads');
    const expired = await lab.run(['doctor'], { RUNAI_MODE: 'expired' });
    expect(expired.code).toBe(3);
    expect(expired.stdout).toMatch(/problem +run:ai does not know you any more.*\n +mend: run: runai login/);
  });
});

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type FakeCluster, startFakeCluster } from '../fakes/kubernetes-api.ts';
import { kinds } from '../fakes/kubernetes-api-kinds.ts';
import type { Fate } from '../fakes/kubernetes-api-simulation.ts';
import type { ApiObject } from '../fakes/kubernetes-api-store.ts';
import { type ClusterProject, kubeYaml, useClusterProject } from './cluster-project.ts';

describe('the commands of the cluster', () => {
  let cluster: FakeCluster;
  let project: ClusterProject;
  const first = 'alice-example-average-data1-hid-256';
  const second = 'alice-example-average-data1-hid-512';

  useClusterProject((madeCluster, madeProject) => {
    cluster = madeCluster;
    project = madeProject;
  });

  const names = (plural = 'jobs'): string[] =>
    cluster.store.list(plural).map((object) => object.metadata.name);

  describe('secret', () => {
    it('makes every Secret that the manifests of a dry run name', async () => {
      // A `.env` of comments has no variables, and is a file of the pods all the same.
      await project.write('.env', '# TOKEN=\n');
      await project.write('config/kube.yaml', kubeYaml.replace('file: null\n', 'file: [.env, .ssh/key]\n'));
      await project.write('.ssh/key', 'a key\n');
      await project.run(['dryrun']);
      const manifest = await readFile(join(project.root, 'build', `${first}.yaml`), 'utf8');
      const needed = [...manifest.matchAll(/^# Needs Secret (\S+):/gm)].map(([, name = '']) => name);
      const { code, stdout } = await project.run(['secret']);
      expect(code).toBe(0);
      expect(needed.length).toBeGreaterThan(0);
      expect(names('secrets').sort()).toEqual(needed.sort());
      expect(stdout).toBe(needed.map((name) => `secret/${name} applied\n`).join(''));
    });

    it('keeps values to itself that a webhook quotes', async () => {
      const value = 'canary-1234';
      const encoded = Buffer.from(value).toString('base64');
      await project.write('.env', `API_KEY="${value}"\n`);
      await project.write('config/kube.yaml', kubeYaml.replace('file: null\n', 'file: [.env]\n'));
      const message = `data[API_KEY]: Invalid value: "${value}" (${encoded})`;
      const details = { causes: [{ field: 'data', message }] };
      const body = { kind: 'Status', code: 422, reason: 'Invalid', message, details };
      cluster.fail(
        { kind: 'answer', status: 422, body },
        { when: ({ method, path }) => method === 'POST' && path.endsWith('/secrets'), times: 99 },
      );
      for (const command of ['secret', 'job']) {
        const { code, stdout, stderr } = await project.run([command, 'verbose=true']);
        expect(code).toBe(3);
        expect(stderr).toContain('data[API_KEY]: Invalid value: "***" (***)');
        expect(stdout + stderr).not.toContain(value);
        expect(stdout + stderr).not.toContain(encoded);
      }
    });

    it('says so where nothing is secret', async () => {
      expect(await project.run(['secret'])).toMatchObject({
        code: 0,
        stderr: '.env has no variables, and no file is secret: there is nothing to put into a Secret\n',
      });
      expect(cluster.requests).toEqual([]);
    });
  });

  describe('job', () => {
    it('creates one Job a trial, says so, and leaves them the next time', async () => {
      expect(await project.run(['job'])).toMatchObject({
        code: 0,
        stdout: [
          `Job '${first}' not found. Creating the job.`,
          `job.batch/${first} created`,
          `Job '${second}' not found. Creating the job.`,
          `job.batch/${second} created`,
          '',
        ].join('\n'),
        stderr: '2 created\n',
      });
      cluster.simulation.move('lab', first, { kind: 'running' });
      cluster.simulation.move('lab', second, { kind: 'succeeded' });
      expect(await project.run(['job'])).toMatchObject({
        code: 0,
        stdout: `Job '${first}' is running. Leaving it.\nJob '${second}' succeeded. Leaving it.\n`,
        stderr: '2 left as they are\n',
      });
    });

    it('replaces what has failed', async () => {
      await project.run(['job']);
      cluster.simulation.move('lab', first, { kind: 'failed', exitCode: 3, log: 'boom\n' });
      const { stdout } = await project.run(['job', 'only=failed']);
      expect(stdout).toBe(
        `Job '${first}' failed. Deleting the job and creating it again.\njob.batch/${first} deleted\njob.batch/${first} created\n`,
      );
      const logs = await project.run(['logs', `name=${first}`]);
      expect(logs.stdout).toBe('boom\n');
    });

    it('is no local run that has changed, for plan', async () => {
      await project.run(['job']);
      cluster.simulation.move('lab', first, { kind: 'failed', exitCode: 3, log: 'boom\n' });
      await project.run(['clean_jobs', 'yes=true']);
      const { stdout } = await project.run(['plan', 'where=hid=256']);
      expect(stdout).toContain('[failed] run: its last run was on the cluster, where it failed');
    });

    it('has changed for plan where it has for status', async () => {
      await project.run(['job']);
      cluster.simulation.move('lab', first, { kind: 'succeeded' });
      await project.run(['status']);
      expect((await project.run(['plan', 'only=changed'])).stdout).not.toContain(first);
      await project.write('config/kube.yaml', kubeYaml.replace('python:3', 'python:3.13'));
      const { stdout, stderr } = await project.run(['plan', 'only=changed']);
      expect(stderr).toContain('make status only=changed asks the cluster');
      expect(stdout).toContain(first);
      expect(stdout).toContain(
        'its last run was on the cluster, where it succeeded, and has changed since (image)',
      );
      expect(stdout).not.toContain(second);
      const status = await project.run(['status', 'only=changed', 'json=true']);
      const [plan = '{}'] = (await project.run(['plan', 'only=changed', 'json=true'])).stdout.split('\n');
      const told = status.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(told.find(({ name }) => name === first)?.changed).toEqual(JSON.parse(plan).changed);
    });

    it('takes no trial of a snapshot for changed because another was added, and keeps the code of each', async () => {
      await project.write('.gitignore', 'kubeconfig*\n');
      await project.write('src/avg.py', 'print(1)\n');
      const snapshot = kubeYaml.replace('code: image', 'code: snapshot');
      await project.write('config/kube.yaml', snapshot);
      await project.run(['job', 'where=hid=256']);
      cluster.simulation.move('lab', first, { kind: 'running' });
      const [older] = names('configmaps').filter((name) => name.startsWith('code-'));
      await project.write('config/kube.yaml', `${snapshot}retries: 2\n`);
      const added = await project.run(['job', 'overwrite=changed']);
      expect(added.stdout).toContain(`Job '${first}' is running. Leaving it.\n`);
      expect(added.stdout).toContain(`job.batch/${second} created`);
      const archives = names('configmaps').filter((name) => name.startsWith('code-'));
      expect(archives).toHaveLength(2);
      expect(archives).toContain(older);
      const codeOf = (name: string) => {
        const job = cluster.store.list('jobs').find(({ metadata }) => metadata.name === name);
        return archives.filter((archive) => JSON.stringify(job?.['spec']).includes(archive));
      };
      expect(codeOf(first)).toEqual([older]);
      expect(codeOf(second)).toEqual(archives.filter((name) => name !== older));
      await project.write('src/avg.py', 'print(2)\n');
      const changed = await project.run(['job']);
      expect(changed.stdout).toMatch(new RegExp(`'${second}'.*changed since: code`));
    });

    it('deletes nothing where only a record says that a trial has succeeded, and keeps no log of it', async () => {
      await project.write('config/kube.yaml', `${kubeYaml}ttl: 1s\n`);
      cluster.simulation.fate = () => ({ kind: 'succeeded', log: 'done\n' });
      await project.run(['job', 'where=hid=256', 'wait=true']);
      for (const job of cluster.store.list('jobs')) cluster.store.remove('jobs', job);
      const logs = await project.run(['logs', `name=${first}`]);
      expect(logs.code).toBe(1);
      expect(logs.stderr).toContain(
        `error LOCAL_NO_RUN: the log of ${first} was not kept: its pod is gone, and nobody had read it`,
      );
      // One that has none hides no others.
      await project.run(['local', 'where=hid=512']);
      const all = await project.run(['logs', 'name=*', 'path=true']);
      expect(all).toMatchObject({ code: 1, stdout: `.toolbox/runs/${second}/attempt-1.log\n` });
      expect(all.stderr).toContain(`the log of ${first} was not kept`);
      const again = await project.run(['job', 'where=hid=256', 'overwrite=true']);
      expect(again.stdout).toBe(
        `Job '${first}' succeeded (its Job is gone, its record says so). Creating it again.\njob.batch/${first} created\n`,
      );
      expect(again.stderr).toBe('1 created\n');
    });

    it('tells of Jobs that wait with the .env of before', async () => {
      await project.write('config/kube.yaml', kubeYaml.replace('file: null\n', ''));
      await project.write('.env', 'KEY=wrong-key-9f31\n');
      await project.run(['job']);
      cluster.simulation.move('lab', first, { kind: 'running' });
      expect((await project.run(['job'])).stderr).toBe('2 left as they are\n');
      await project.write('.env', 'KEY=right-key-77ab\n');
      const { stdout, stderr } = await project.run(['job', 'overwrite=changed']);
      expect(stdout).toContain(`Job '${second}' is pending. Leaving it.\n`);
      expect(stderr).toBe(
        '2 left as they are\n1 that has not begun will get .env and secret files as they were, or as another machine has them: make job only=pending overwrite=true takes these\n',
      );
      const replaced = await project.run(['job', 'only=pending', 'overwrite=true']);
      expect(replaced.stderr).toBe('1 replaced\n');
      cluster.simulation.move('lab', second, { kind: 'unschedulable' });
      expect((await project.run(['job'])).stderr).toBe('2 left as they are\n');
    });

    it('says how far it came when it is interrupted', async () => {
      await project.write(
        'config/launch.yaml',
        'model: {m: {command: x, hparam: {n: [1, 2, 3, 4, 5, 6, 7, 8]}}}\n',
      );
      await project.write('config/kube.yaml', `${kubeYaml}concurrency: 1\n`);
      const interruption = new AbortController();
      const { code, stderr } = await project.run(['job'], {
        signal: interruption.signal,
        onStdout: (text) => {
          if (text.includes('n-3 created')) interruption.abort(new DOMException('enough', 'AbortError'));
        },
      });
      const made = names().length;
      expect(made).toBeGreaterThan(2);
      expect(made).toBeLessThan(8);
      expect(stderr).toMatch(
        /^interrupted: at least [3-7] of 8 Jobs created; the same command goes on with the others\n$/,
      );
      expect(code).toBe(130);
      expect((await project.run(['job'])).stderr).toBe(`${8 - made} created, ${made} left as they are\n`);
    });

    it('finds the pods of an older server, whose labels have no prefix', async () => {
      cluster.minor = 26;
      cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 7, log: 'out of luck\n' });
      await project.run(['job']);
      expect((await project.run(['wait'])).stdout).toContain(`Job '${first}' failed (exit code 7)\n`);
      expect((await project.run(['logs', `name=${first}`])).stdout).toBe('out of luck\n');
      await project.run(['job']);
      expect(await readFile(join(project.root, `.toolbox/runs/${first}/attempt-1.log`), 'utf8')).toBe(
        'out of luck\n',
      );
    });

    it('waits in the states that status has, with json=true', async () => {
      await project.run(['job']);
      cluster.simulation.move('lab', first, { kind: 'running' });
      const seen = new Set<string>();
      const { code } = await project.run(['wait', 'json=true'], {
        onStdout: (text) => {
          for (const line of text.trim().split('\n')) seen.add(JSON.parse(line).state);
          if (seen.has('pending') && seen.has('running'))
            for (const name of [first, second]) cluster.simulation.move('lab', name, { kind: 'succeeded' });
        },
      });
      expect([...seen].sort()).toEqual(['pending', 'running', 'succeeded']);
      expect(code).toBe(0);
    });

    it('takes where=, overwrite= and json=', async () => {
      const { stdout } = await project.run(['job', 'where=hid=512', 'json=true']);
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toMatchObject([
        { type: 'job', name: second, found: 'missing', result: 'created' },
        { type: 'summary', steps: { created: 1 } },
      ]);
      await project.write('config/kube.yaml', kubeYaml.replace('memory: 1', 'memory: 2'));
      expect((await project.run(['job', 'where=hid=512'])).stdout).toContain(
        'has changed since: resources. Leaving it; overwrite=changed replaces it.',
      );
      const replaced = await project.run(['job', 'where=hid=512', 'overwrite=changed']);
      expect(replaced.stderr).toBe('1 replaced\n');
      expect(replaced.stdout.split('\n')[0]).toBe(
        `Job '${second}' is pending, and has changed since: resources. Deleting the job and creating it again.`,
      );
      await project.write('config/kube.yaml', kubeYaml.replace('python:3', 'python:4'));
      const lines = (await project.run(['job', 'where=hid=512', 'overwrite=changed', 'json=true'])).stdout;
      const [step, summary] = lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(step).toMatchObject({ name: second, result: 'replaced', changed: ['image', 'resources'] });
      expect(summary).toMatchObject({ steps: { replaced: 1 }, changed: 0 });
    });

    it('waits, and ends with 1 when a trial has failed', async () => {
      cluster.simulation.fate = (object) =>
        object.metadata.name === first ? { kind: 'failed', exitCode: 3 } : { kind: 'succeeded' };
      await project.write('config/kube.yaml', `${kubeYaml}ttl: 1m\n`);
      const { code, stdout, stderr } = await project.run(['job', 'wait=true']);
      expect(code).toBe(1);
      expect(stdout).toContain(`Job '${first}' failed (exit code 3)`);
      expect(stderr).toContain('1 succeeded, 1 failed');
      const lines = (await project.run(['wait', 'json=true'])).stdout.trim().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: 'state', name: first, state: 'failed', exitCode: 3 }),
        ]),
      );
      // Remembered after a TTL has removed the Job.
      cluster.store.remove('jobs', cluster.store.get('jobs', 'lab', second) as ApiObject);
      expect((await project.run(['job', 'where=hid=512'])).stdout).toBe(
        `Job '${second}' succeeded (its Job is gone, its record says so). Leaving it.\n`,
      );
    });

    it.each([['wait'], ['status', 'watch=true']])(
      'sees how Jobs have ended that are removed in the same moment: %s',
      async (...argv) => {
        await project.write('config/kube.yaml', `${kubeYaml}ttl: 0s\n`);
        cluster.simulation.fate = () => ({ kind: 'running' });
        await project.run(['job']);
        let hasEnded = false;
        const onStdout = (text: string): void => {
          if (hasEnded || !/512.*running/.test(text)) return;
          hasEnded = true;
          setTimeout(() => {
            for (const name of names()) {
              cluster.simulation.move('lab', name, { kind: 'succeeded' });
              cluster.store.remove('jobs', cluster.store.get('jobs', 'lab', name) as ApiObject);
            }
          }, 200);
        };
        const { code } = await project.run(argv, { onStdout });
        expect(code).toBe(0);
        expect((await project.run(['job'])).stderr).toBe('2 left as they are\n');
      },
    );

    it('refuses a template without our labels, and warns once of one without the fingerprint', async () => {
      const shipped = await readFile('templates/job.yaml.hbs', 'utf8');
      await project.write('templates/job.yaml.hbs', shipped.replace(/^ {2}labels:\n.*\n/m, ''));
      const refused = await project.run(['job']);
      expect(refused.code).toBe(2);
      expect(refused.stderr.match(/error RENDER_TEMPLATE_IDENTITY: what job.yaml.hbs makes/g)).toHaveLength(
        1,
      );
      expect(names()).toEqual([]);
      await project.write('templates/job.yaml.hbs', shipped.replace(/^ {2}annotations:\n.*\n/m, ''));
      const { stderr } = await project.run(['job']);
      expect(stderr.match(/warning RENDER_TEMPLATE_IDENTITY: what job.yaml.hbs makes/g)).toHaveLength(1);
    });

    it('leaves Jobs of a queue to the queue', async () => {
      await project.write('config/kube.yaml', `${kubeYaml}queue: team-a\nmax_parallel: 1\n`);
      const { stdout, stderr } = await project.run(['job']);
      expect(stdout).not.toContain('waits for a slot');
      expect(stderr).toContain('max_parallel does not count the 2 of a queue');
      expect(cluster.store.list('jobs').map((job) => job['spec'].suspend)).not.toContain(true);
      // As the queue suspends one, and as an older launch may have left the other.
      for (const job of cluster.store.list('jobs'))
        cluster.store.update('jobs', job, (copy) => {
          copy['spec'].suspend = true;
          copy.metadata.annotations = { ...copy.metadata.annotations, 'kube-toolbox/max-parallel': '1' };
        });
      expect((await project.run(['status'])).stdout).toContain('waiting for quota in the queue "team-a"');
      await project.run(['job']);
      expect(cluster.count('PATCH', /\/jobs\//)).toBe(0);
    });

    it('wait says that there is nothing to wait for, or not for all', async () => {
      expect(await project.run(['wait'])).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('2 trials have no Job in namespace lab; make job creates'),
      });
      cluster.simulation.fate = () => ({ kind: 'succeeded' });
      await project.run(['job', 'where=hid=256']);
      expect(await project.run(['wait'])).toMatchObject({
        code: 3,
        stderr: expect.stringContaining(`"${second}" has no Job`),
      });
      expect((await project.run(['wait', 'where=hid=256'])).code).toBe(0);
      expect(await project.run(['wait', 'where=hid=256 hid=512'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('no trial with hid=256 has hid=512\n'),
      });
    });

    it('keeps to max_parallel, and wait goes on with it', async () => {
      let running = 0;
      cluster.simulation.fate = (object) => {
        running += 1;
        setTimeout(() => {
          running -= 1;
          cluster.simulation.move('lab', object.metadata.name, { kind: 'succeeded' });
        }, 100);
        expect(running).toBe(1);
        return { kind: 'running' };
      };
      const { stdout } = await project.run(['job', 'max_parallel=1']);
      expect(stdout).toContain(
        `job.batch/${second} created (suspended, it waits for a slot of max_parallel)`,
      );
      expect(await project.run(['wait'])).toMatchObject({ code: 0, stderr: '2 succeeded, 0 failed\n' });
    });

    it('ends with 3 when something was refused, and shows the rest', async () => {
      cluster.store.add(kinds.resourcequotas, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'one', namespace: 'lab' },
        spec: { hard: { 'count/jobs.batch': '1' } },
      } as unknown as ApiObject);
      await project.write('config/kube.yaml', `${kubeYaml}concurrency: 1\n`);
      const { code, stdout, stderr } = await project.run(['job']);
      expect(code).toBe(3);
      expect(stdout).toContain(`Job '${second}' not found. Not created: the quota is used up.`);
      expect(stderr).toContain('1 created, 1 left to create\nthe quota is used up: ');
    });

    it.each([
      [
        'user: alice',
        'user: Jane Doe',
        'error RENDER_BAD_LABEL: the label user: "Jane Doe" may have',
        'jane-doe',
      ],
      ['user: alice', 'user: -x', 'error RENDER_BAD_LABEL: the label user: "-x" may have', 'such as x\n'],
      [
        'namespace: lab',
        'namespace: My_NS',
        'error RENDER_BAD_NAME: the namespace "My_NS" may have',
        'kubectl',
      ],
    ])('asks nothing of a cluster with %s written as %s', async (right, wrong, message, hint) => {
      await project.write('config/kube.yaml', kubeYaml.replace(right, wrong));
      for (const command of ['job', 'status', 'delete']) {
        const ran = await project.run([command, ...(command === 'delete' ? ['yes=true'] : [])]);
        expect(ran.code).toBe(2);
        expect(ran.stderr).toMatch(/^config\/kube\.yaml:\d+:\d+ /);
        expect(ran.stderr).toContain(message);
        expect(ran.stderr).toContain(hint);
      }
      expect(cluster.requests).toEqual([]);
    });

    it('takes a sweep to be on another cluster only when something of it is there', async () => {
      await project.run(['job']);
      const kept = await readFile(join(project.root, '.toolbox/cluster.json'), 'utf8');
      const nobody = await startFakeCluster();
      await project.write('kubeconfig', nobody.kubeconfig());
      await nobody.stop();
      expect(await project.run(['job', 'yes=true'])).toMatchObject({ code: 3, stdout: '' });
      expect(await readFile(join(project.root, '.toolbox/cluster.json'), 'utf8')).toBe(kept);

      // The same cluster by another name: nothing has to be created.
      await project.write('kubeconfig', cluster.kubeconfig().replaceAll('127.0.0.1', 'localhost'));
      expect(await project.run(['job', 'yes=true'])).toMatchObject({ code: 0 });
      expect(await project.run(['status'])).toMatchObject({ code: 0 });
    });

    it('refuses to go on with a sweep on another cluster, unless confirmed', async () => {
      await project.run(['job']);
      const other = await startFakeCluster();
      await project.write('kubeconfig', other.kubeconfig({ context: 'elsewhere' }));
      const refused = await project.run(['job']);
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain(
        `this sweep was started on ${cluster.url} (context "fake", namespace lab), and the kubeconfig leads to ${other.url} (context "elsewhere", namespace lab)`,
      );
      expect(other.requests).toEqual([]);
      expect((await project.run(['job', 'yes=true'])).code).toBe(0);
      expect((await project.run(['job'])).code).toBe(0);
      await other.stop();
    });

    it('has not started a sweep where nothing could be created', async () => {
      await project.write('config/kube.yaml', kubeYaml.replace('namespace: lab', 'namespace: nowhere'));
      expect(await project.run(['job'])).toMatchObject({ code: 3 });
      await project.write('config/kube.yaml', kubeYaml);
      expect(await project.run(['job'])).toMatchObject({ code: 0 });
    });

    it('tells a namespace that kube.yaml has changed from another cluster, and doctor tells it, too', async () => {
      await project.run(['job']);
      const other = await startFakeCluster({ namespaces: ['lab2'] });
      await project.write('config/kube.yaml', kubeYaml.replace('namespace: lab', 'namespace: lab2'));
      const started = 'this sweep was started in namespace "lab", and config/kube.yaml says "lab2"';
      const refused = await project.run(['status']);
      expect(refused).toMatchObject({ code: 2 });
      expect(refused.stderr).toContain(started);
      expect(refused.stderr).toContain('hint: write namespace: lab again');
      expect((await project.run(['doctor'])).stdout).toContain(`  problem  ${started}\n`);
      // The same context, with another address.
      await project.write('config/kube.yaml', kubeYaml);
      await project.write('kubeconfig', other.kubeconfig());
      expect((await project.run(['status'])).stderr).toContain(
        `the kubeconfig leads to ${other.url} (context "fake"`,
      );
      await other.stop();
    });

    it('keeps a canary of .env out of everything but its Secret', async () => {
      const canary = 'canary-7f3a9c';
      await project.write('.env', `TOKEN=${canary}\n`);
      const answers = [
        await project.run(['job', 'verbose=true']),
        await project.run(['job', 'json=true', 'overwrite=true']),
        await project.run(['status']),
      ];
      for (const { stdout, stderr } of answers) expect(stdout + stderr).not.toContain(canary);
      const inside = cluster.store
        .list('secrets')
        .map((secret) => Buffer.from(JSON.stringify(Object.values(secret['data'])), 'utf8').toString());
      expect(inside.join()).toContain(Buffer.from(canary).toString('base64'));
      expect(
        JSON.stringify([...cluster.store.list('jobs'), ...cluster.store.list('configmaps')]),
      ).not.toContain(canary);
      const files = await readdir(join(project.root, '.toolbox'), { recursive: true, withFileTypes: true });
      for (const file of files.filter((each) => each.isFile()))
        expect(await readFile(join(file.parentPath, file.name), 'latin1')).not.toContain(canary);
    });

    it('says plainly that there is no cluster', async () => {
      const gone = await startFakeCluster();
      await project.write('kubeconfig', gone.kubeconfig());
      await gone.stop();
      const { code, stderr } = await project.run(['job']);
      expect(code).toBe(3);
      expect(stderr).toContain('KUBE_UNREACHABLE');
      expect(stderr).toContain('the connection was refused');
    });

    it('says that a proxy answered', async () => {
      cluster.fail({ kind: 'html', status: 200 });
      const { code, stderr } = await project.run(['job']);
      expect(code).toBe(3);
      expect(stderr).toContain('KUBE_NOT_AN_API');
    });

    it('goes on when its token expires in the middle of a run', async () => {
      await project.write('token', 'good-token');
      await project.write(
        'kubeconfig',
        cluster.kubeconfig({ user: { tokenFile: join(project.root, 'token') } }),
      );
      cluster.simulation.fate = () => {
        cluster.tokens.clear();
        cluster.tokens.set('fresh', 'alice');
        void project.write('token', 'fresh');
        return { kind: 'running' };
      };
      await project.write('config/kube.yaml', `${kubeYaml}concurrency: 1\n`);
      expect(await project.run(['job'])).toMatchObject({ code: 0, stderr: '2 created\n' });
    });
  });

  describe('status', () => {
    it('tells a newcomer what is wrong', async () => {
      await project.run(['job']);
      cluster.simulation.move('lab', first, { kind: 'unschedulable' });
      cluster.simulation.move('lab', second, { kind: 'oom' });
      const { code, stdout } = await project.run(['status']);
      expect(code).toBe(0);
      expect(stdout).toContain('pending: no node');
      expect(stdout).toContain('failed: out of memory (limit 2Gi)');
      expect(stdout).toContain('2 trials: 1 pending, 1 failed');
    });

    it('shows it again after every change, until all have ended', async () => {
      await project.run(['job']);
      const next = [
        { seen: '"pending"', move: () => cluster.simulation.move('lab', first, { kind: 'running' }) },
        {
          seen: '"running"',
          move: () => {
            for (const name of [first, second]) cluster.simulation.move('lab', name, { kind: 'succeeded' });
          },
        },
      ];
      const { code, stdout } = await project.run(['status', 'watch=true', 'json=true'], {
        onStdout: (text) => {
          if (next[0] !== undefined && text.includes(next[0].seen)) next.shift()?.move();
        },
      });
      expect(code).toBe(0);
      const states = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter(({ name }) => name === first)
        .map(({ state }) => state);
      expect([...new Set(states)]).toEqual(['pending', 'running', 'succeeded']);
    });

    it('says that the kubeconfig it was told of is not there, and takes no trial for missing', async () => {
      const env = { KUBECONFIG: join(project.root, 'mistyped') };
      const { code, stdout, stderr } = await project.run(['status'], { env });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('error KUBE_CONFIG_MISSING: no kubeconfig found at');
    });

    it.each([['status'], ['logs', `name=${first}`]])(
      'says how to see what this machine knows, where a sweep was started and its kubeconfig is gone (%s)',
      async (...argv) => {
        await project.run(['job']);
        const { code, stderr } = await project.run(argv, { env: { KUBECONFIG: '' } });
        expect(code).toBe(2);
        expect(stderr).toMatch(
          /error KUBE_CONFIG_MISSING.*\n.*local=true shows what has run on this machine/,
        );
      },
    );

    it('tells while it watches what only events say: a pod that is refused, a volume that cannot be mounted', async () => {
      await project.run(['job']);
      cluster.simulation.move('lab', second, { kind: 'creating' });
      const tell = (kind: string, uid: string, reason: string, message: string) =>
        cluster.store.add(kinds.events, {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: `${reason.toLowerCase()}.1`, namespace: 'lab' },
          type: 'Warning',
          reason,
          message,
          involvedObject: { kind, uid },
        } as unknown as ApiObject);
      const uid = cluster.store.get('jobs', 'lab', first)?.metadata.uid ?? '';
      tell(
        'Job',
        uid,
        'FailedCreate',
        'Error creating: pods "x-" is forbidden: exceeded quota: gpus, requested: pods=1, used: pods=4, limited: pods=4',
      );
      const pod = cluster.simulation.podsOf('lab', second)[0]?.metadata.uid ?? '';
      tell(
        'Pod',
        pod,
        'FailedMount',
        'MountVolume.SetUp failed for volume "data" : timed out waiting for the condition',
      );
      let hasEnded = false;
      const { code, stdout } = await project.run(['status', 'watch=true'], {
        onStdout: (text) => {
          if (hasEnded || !text.includes('cannot be mounted')) return;
          hasEnded = true;
          for (const name of [first, second]) cluster.simulation.move('lab', name, { kind: 'succeeded' });
        },
      });
      expect(code).toBe(0);
      expect(stdout).toContain(
        'its pod is not created: the quota "gpus" is used up (pods: 4 of 4 used, 1 wanted)',
      );
      expect(stdout).toContain('a volume cannot be mounted: MountVolume.SetUp failed for volume "data"');
    });

    it('does not pass for a watch where there is no cluster to watch', async () => {
      const env = { KUBECONFIG: '' };
      expect((await project.run(['status'], { env })).code).toBe(0);
      const watched = await project.run(['status', 'watch=true'], { env });
      expect({ ...watched, stderr: '' }).toEqual({ code: 2, stdout: '', stderr: '' });
      expect(watched.stderr).toMatch(/^error KUBE_CONFIG_MISSING: no kubeconfig found at /);
      expect((await project.run(['status', 'watch=true', 'local=true'])).stderr).toMatch(
        /^error CLI_BAD_VALUE: "watch" shows changes on the cluster, and local=true leaves it out\n {2}hint: leave one /,
      );
      await rm(join(project.root, 'config/kube.yaml'));
      const alone = await project.run(['status', 'watch=true'], { env });
      expect([alone.code, alone.stderr]).toEqual([
        2,
        expect.stringContaining('there is no config/kube.yaml'),
      ]);
    });

    it('shows on a terminal that is too small for the table what matters first', async () => {
      await project.write(
        'config/launch.yaml',
        `model: {m: {command: x, hparam: {n: [${[...Array(20).keys()]}]}}}\ndataset: {d: {}}\n`,
      );
      cluster.simulation.fate = ({ metadata }) =>
        metadata.name.includes('-n-7')
          ? { kind: 'failed', exitCode: 1, log: 'boom\n' }
          : { kind: 'succeeded' };
      await project.run(['job', 'wait=true', 'yes=true']);
      const { stdout } = await project.run(['status', 'watch=true'], { tty: true, rows: 12 });
      const drawn = stdout.split('\x1b[H\x1b[J').at(-1) ?? '';
      const lines = drawn
        .replaceAll(/\x1b\[[\d;]*m/g, '')
        .trimEnd()
        .split('\n');
      expect(lines).toHaveLength(11);
      expect(lines[0]).toBe('20 trials: 19 succeeded, 1 failed');
      expect(lines.slice(1, 4)).toEqual(['', expect.stringMatching(/^1 failed: .*-n-7/), '']);
      expect(lines[4]).toMatch(/^NAME +STATE/);
      expect(lines.at(-1)).toBe('… 15 more lines');
    });

    it('watches into a file without saying twice what has not changed', async () => {
      cluster.simulation.fate = () => ({ kind: 'running' });
      await project.run(['job', 'where=hid=256']);
      const pod = () => cluster.simulation.podsOf('lab', first)[0] as ApiObject;
      await expect.poll(() => pod()?.['status'].phase).toBe('Running');
      let changes = 0;
      const change = (): void => {
        changes += 1;
        if (changes > 5) cluster.simulation.move('lab', first, { kind: 'succeeded' });
        else {
          cluster.store.update('pods', pod(), ({ metadata }) => {
            metadata.annotations = { ...metadata.annotations, change: String(changes) };
          });
          setTimeout(change, 250);
        }
      };
      const { stdout } = await project.run(['status', 'watch=true', 'where=hid=256'], {
        onStdout: () => {
          if (changes === 0) change();
        },
      });
      expect(changes).toBe(6);
      expect(stdout.match(/^1 trial: .*$/gm)).toEqual(['1 trial: 1 running', '1 trial: 1 succeeded']);
    });

    it.each(['status', 'job', 'wait'])(
      'a success that make %s has seen outlives the Job, which a TTL removes',
      async (command) => {
        cluster.simulation.fate = () => ({ kind: 'succeeded' });
        await project.write('config/kube.yaml', `${kubeYaml}ttl: 1m\n`);
        await project.run(['job']);
        await expect
          .poll(() => cluster.store.list('jobs').filter((job) => job['status'].succeeded === 1).length)
          .toBe(2);
        await project.run([command]);
        for (const job of cluster.store.list('jobs')) cluster.store.remove('jobs', job);
        expect((await project.run(['status'])).stdout).toContain('2 succeeded');
        const { stdout } = await project.run(['job']);
        expect(stdout).toContain(
          `Job '${first}' succeeded (its Job is gone, its record says so). Leaving it.`,
        );
        expect(names()).toEqual([]);
      },
    );

    it.each([
      ['with make delete', '', undefined],
      ['with make delete, before its TTL could', 'ttl: 1m\n', undefined],
      ['otherwise, long before its TTL could', 'ttl: 7d\n', 'kubectl'],
    ])('a success that somebody deletes %s is one that is not found', async (_, ttl, other) => {
      cluster.simulation.fate = () => ({ kind: 'succeeded' });
      await project.write('config/kube.yaml', kubeYaml + ttl);
      await project.run(['job', 'wait=true']);
      if (other === undefined) await project.run(['delete', 'yes=true']);
      else for (const job of cluster.store.list('jobs')) cluster.store.remove('jobs', job);
      // No command says otherwise.
      const { stdout } = await project.run(['status']);
      expect(stdout).toContain('2 missing');
      expect(stdout).toContain('it succeeded, and its Job was deleted: make job runs it again');
      expect((await project.run(['wait'])).code).toBe(3);
      expect((await project.run(['job'])).stdout).toContain(
        `Job '${first}' not found. Creating the job.\njob.batch/${first} created\n`,
      );
    });

    it('a failure that is cleaned away leaves its exit code and its last words', async () => {
      cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 3, log: 'boom\n' });
      await project.run(['job']);
      await project.run(['clean_jobs', 'yes=true']);
      expect((await project.run(['status'])).stdout).toContain('2 failed: exit code 3; its Job is gone');
      expect((await project.run(['logs', `name=${first}`])).stdout).toBe('boom\n');
    });

    describe('a success that was run again', () => {
      beforeEach(async () => {
        cluster.simulation.fate = () => ({ kind: 'succeeded' });
        await project.run(['job', 'wait=true']);
        cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 4 });
        await project.run(['job', 'overwrite=true']);
        await expect
          .poll(() => cluster.store.list('jobs').filter((job) => job['status'].failed === 1).length)
          .toBe(2);
      });
      const expire = () => {
        for (const job of cluster.store.list('jobs')) cluster.store.remove('jobs', job);
      };

      it.each(['status', 'wait', 'clean_jobs'])('has failed, once make %s has seen that', async (command) => {
        await project.run([command, ...(command === 'clean_jobs' ? ['yes=true'] : [])]);
        expire();
        const lines = (await project.run(['status', 'json=true'])).stdout.trim().split('\n');
        expect(lines.map((line) => JSON.parse(line))).toMatchObject([
          { state: 'failed' },
          { state: 'failed' },
        ]);
        expect((await project.run(['job'])).stderr).toContain('2 created');
      });

      it('counts as a success no longer when nobody has', async () => {
        expire();
        const { stdout } = await project.run(['status']);
        expect(stdout).toContain('created again, and nobody has seen how that ended');
        expect((await project.run(['plan'])).stdout).toContain(
          '[missing] run: on the cluster it was created again, and nobody has seen how that ended\n',
        );
        const lines = (await project.run(['status', 'json=true'])).stdout.trim().split('\n');
        expect(lines.map((line) => JSON.parse(line))).toMatchObject([
          { state: 'missing', changed: [] },
          { state: 'missing', changed: [] },
        ]);
        expect((await project.run(['job'])).stderr).toContain('2 created');
      });
    });

    it('knows local runs only, without a kubeconfig or with local=true', async () => {
      expect(await project.run(['status', 'local=true'])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('2 trials: 2 missing'),
      });
      expect(await project.run(['status'], { env: { KUBECONFIG: '' } })).toMatchObject({ code: 0 });
      expect(cluster.requests).toEqual([]);
    });
  });

  describe('logs', () => {
    it('prints those of several pods, each line with its pod in front, controls shown on a terminal', async () => {
      cluster.simulation.fate = (object) => ({
        kind: 'succeeded',
        log: `\x1b[31mred\x1b[0m \x1b]0;title\x07 of ${object.metadata.labels?.['job-name'] ?? 'x'}\n`,
      });
      await project.run(['job']);
      await expect.poll(() => names('pods').length).toBe(2);
      const plain = await project.run(['logs', 'name=*hid*']);
      const [podOne = ''] = names('pods');
      expect(plain.stdout.split('\n')[0]).toBe(`[${podOne}] \x1b[31mred\x1b[0m \x1b]0;title\x07 of x`);
      const json = (await project.run(['logs', 'name=*hid*', 'json=true'])).stdout.trim().split('\n');
      const text = '\x1b[31mred\x1b[0m \x1b]0;title\x07 of x\n';
      expect(json.map((line) => JSON.parse(line))).toEqual(
        [first, second].map((name, index) => ({
          type: 'trial-output',
          name,
          pod: names('pods')[index],
          text,
        })),
      );
      const shown = await project.run(['logs', `name=${first}`], { tty: true });
      expect(shown.stdout).toBe('\x1b[31mred\x1b[0m ^[]0;title^G of x\n');
      expect((await project.run(['logs', `name=${first}`, 'raw=true'], { tty: true })).stdout).toContain(
        '\x1b]0;title\x07',
      );
    });
  });

  it('says that neither the cluster nor this machine knows a name, with the nearest', async () => {
    const none = await project.run(['logs', `name=${first.slice(0, -1)}`]);
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toContain('has run here, nor is there a Job or pod of it in namespace lab');
    expect(none.stderr).toContain('nothing has been started yet: make job, or make local');
    await project.run(['job']);
    const near = await project.run(['logs', `name=${first}x`]);
    expect(near.stderr).toContain(`hint: did you mean "${first}"?`);
    expect((await project.run(['plan'])).stderr).toContain('make status asks the cluster');
  });

  it('removes a finished Job at once with ttl: 0, and has no timeout of 0', async () => {
    await project.write('config/kube.yaml', `${kubeYaml}ttl: 0s\n`);
    await project.run(['job']);
    expect(cluster.store.list('jobs')[0]?.['spec']).toMatchObject({ ttlSecondsAfterFinished: 0 });
    await project.write('config/kube.yaml', `${kubeYaml}timeout: 0s\n`);
    expect((await project.run(['job'])).stderr).toContain('"timeout" must be a duration');
  });

  it('says whose log it is, where the Job has none and the trial has run here before', async () => {
    await project.write(
      'config/launch.yaml',
      'model: {average: {command: echo it is <hid>, hparam: {hid: [256, 512]}}}\ndataset: {data1: {}}\n',
    );
    await project.run(['local']);
    await project.run(['job', 'where=hid=256']);
    const old = await project.run(['logs', `name=${first}`]);
    expect(old).toMatchObject({ code: 0, stdout: 'it is 256\n' });
    expect(old.stderr).toMatch(
      new RegExp(
        `^${first}: its Job on the cluster is pending and has no log; this is the run on this machine`,
      ),
    );
    expect((await project.run(['logs', `name=${second}`])).stderr).toBe('');
  });

  it.each<[string, Fate, readonly string[], string]>([
    [
      'has succeeded',
      { kind: 'succeeded' },
      [],
      'make job overwrite=true, with a where= for this trial, runs it again',
    ],
    ['has failed', { kind: 'failed', exitCode: 3 }, [], 'make job runs it again'],
    ['has failed', { kind: 'failed', exitCode: 3 }, ['status'], 'make job runs it again'],
  ])('says of a Job that %s that its pod is gone, and its log with it', async (how, fate, seen, hint) => {
    cluster.simulation.fate = () => fate;
    await project.run(['job', 'where=hid=256', 'wait=true']);
    await rm(join(project.root, '.toolbox/runs'), { recursive: true });
    if (seen.length > 0) await project.run(seen);
    for (const pod of cluster.store.list('pods')) cluster.store.remove('pods', pod);
    const logs = await project.run(['logs', `name=${first}`]);
    expect(logs).toEqual({
      code: 3,
      stdout: '',
      stderr: `error KUBE_NO_LOG: ${first} ${how}; its pod is gone, and nobody had kept its log\n  hint: ${hint}\n`,
    });
    const exec = await project.run(['exec', `pod=${first}`]);
    expect(exec.stderr).toBe(
      `error KUBE_NO_POD: the Job of "${first}" ${how}, and its pod is gone\n  hint: ${hint}; make pod creates a pod to work in\n`,
    );
  });

  it('says what would keep the log of a Job that is over its timeout, whose pod the cluster deletes', async () => {
    cluster.simulation.fate = () => ({ kind: 'deadline' });
    await project.run(['job', 'where=hid=256', 'wait=true']);
    for (const pod of cluster.store.list('pods')) cluster.store.remove('pods', pod);
    expect(await project.run(['logs', `name=${first}`])).toEqual({
      code: 3,
      stdout: '',
      stderr: [
        `error KUBE_NO_LOG: ${first} has run into its timeout; the cluster deletes the pod of such a Job, and its log with it`,
        '  hint: a longer timeout, make logs follow=true while it runs, or a log written below its outputs would have kept it; make job runs it again\n',
      ].join('\n'),
    });
  });

  it('says whose log it is where a later Job has ended and left none, and which older ones there are', async () => {
    cluster.simulation.fate = () => ({ kind: 'failed', exitCode: 3, log: 'one\n' });
    await project.run(['job', 'where=hid=256', 'wait=true']);
    cluster.simulation.fate = () => ({ kind: 'running' });
    await project.run(['job', 'where=hid=256']);
    cluster.simulation.move('lab', first, { kind: 'failed', exitCode: 3 });
    for (const pod of cluster.store.list('pods')) cluster.store.remove('pods', pod);
    const logs = await project.run(['logs', `name=${first}`]);
    expect(logs.stdout).toBe('one\n');
    expect(logs.stderr).toMatch(
      /: its Job on the cluster has failed, its pod is gone, and has no log; this is its run before, begun \d/,
    );
    await project.run(['status']);
    const seen = await project.run(['logs', `name=${first}`]);
    expect(seen.stderr).toContain('\n  hint: older logs: attempt=1; make job runs it again\n');
  });

  it('status ends with the pods that somebody works in, or has forgotten', async () => {
    await project.run(['job']);
    expect((await project.run(['status'])).stdout).not.toContain('interactive');
    await project.run(['pod']);
    const second = await project.run(['pod']);
    expect(second.stderr).toContain('pod/alice-example-interactive-pod is there already');
    expect((await project.run(['status'])).stdout).toMatch(
      /\ninteractive: alice-example-interactive-pod \(pending\), alice-example-interactive-pod-1 \(pending\)\n$/,
    );
  });

  it('says of a pod that has not begun why it has no log', async () => {
    await project.run(['job', 'where=hid=256']);
    cluster.simulation.move('lab', first, { kind: 'unschedulable' });
    const { code, stdout, stderr } = await project.run(['logs', `name=${first}`]);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/has printed nothing yet: it is pending \(no node has .* free/);
  });

  describe('delete', () => {
    it('says how far it came when it is interrupted', async () => {
      await project.write(
        'config/launch.yaml',
        'model: {m: {command: x, hparam: {n: [1, 2, 3, 4, 5, 6]}}}\n',
      );
      await project.write('config/kube.yaml', `${kubeYaml}concurrency: 1\n`);
      await project.run(['job']);
      const interruption = new AbortController();
      const { code, stderr } = await project.run(['delete', 'yes=true'], {
        signal: interruption.signal,
        onStdout: (text) => {
          if (text.includes('n-2 deleted')) interruption.abort(new DOMException('enough', 'AbortError'));
        },
      });
      const left = names().length;
      expect(left).toBeGreaterThan(0);
      expect(stderr).toMatch(
        /\ninterrupted: at least [2-5] of 6 objects deleted; the same command goes on with the others\n$/,
      );
      expect(code).toBe(130);
      const again = await project.run(['delete', 'yes=true']);
      expect(again.stdout.match(/ deleted$/gm)).toHaveLength(left);
    });

    const bob = (name: string): void => {
      const object = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: {
          name,
          namespace: 'lab',
          labels: { user: 'bob', project: 'example', 'app.kubernetes.io/managed-by': 'kube-toolbox' },
        },
        spec: {},
        status: {},
      };
      cluster.store.add(kinds.jobs, object as unknown as ApiObject);
    };

    it('removes our workloads and what they used, and nothing of others', async () => {
      await project.write('.env', 'TOKEN=x\n');
      await project.run(['job']);
      await project.run(['pod']);
      bob('theirs');
      expect(names('secrets')).toHaveLength(1);
      const { code, stdout } = await project.run(['delete', 'yes=true']);
      expect(code).toBe(0);
      expect(stdout).toBe(
        `job.batch/${first} deleted\njob.batch/${second} deleted\npod/alice-example-interactive-pod deleted\n`,
      );
      expect(names()).toEqual(['theirs']);
      expect([names('pods'), names('secrets'), names('configmaps')]).toEqual([[], [], []]);
    });

    it('waits for pods that take their time to end, and leaves no Secret of theirs', async () => {
      cluster.podGrace = 300;
      await project.write('.env', 'TOKEN=x\n');
      await project.run(['job']);
      for (const name of [first, second]) cluster.simulation.move('lab', name, { kind: 'running' });
      expect(names('pods')).toHaveLength(2);
      expect((await project.run(['delete', 'yes=true'])).code).toBe(0);
      expect([names('pods'), names('secrets'), names('configmaps')]).toEqual([[], [], []]);
    });

    it('removes what Jobs have left that a TTL has removed', async () => {
      await project.write('.env', 'TOKEN=x\n');
      await project.run(['job']);
      for (const job of cluster.store.list('jobs')) cluster.store.remove('jobs', job);
      const asked = await project.run(['delete']);
      expect(asked.code).toBe(2);
      expect(asked.stderr).toMatch(/secret\/alice-example-env-\w+ {2}nothing uses it/);
      expect((await project.run(['delete', 'yes=true'])).code).toBe(0);
      expect([names('secrets'), names('configmaps')]).toEqual([[], []]);
    });

    it('needs yes=true without a terminal, and asks on one', async () => {
      await project.run(['job']);
      const { code, stderr } = await project.run(['delete']);
      expect(code).toBe(2);
      expect(stderr).toContain(`job.batch/${first}`);
      expect(stderr).toContain('CLI_CANNOT_ASK');
      expect((await project.run(['delete', 'json=true'])).stderr).toContain(`job.batch/${first}  pending\n`);
      expect((await project.run(['delete'], { tty: true, stdin: 'n\n' })).code).toBe(3);
      expect(names()).toHaveLength(2);
      expect((await project.run(['delete_job', `name=${first}`], { tty: true, stdin: 'y\n' })).code).toBe(0);
      expect(names()).toEqual([second]);
    });

    it('says what it found none of', async () => {
      const where = 'of user=alice, project=example in namespace lab: nothing to delete\n';
      for (const [argv, none] of [
        [['clean-jobs'], 'no failed Jobs'],
        [['delete-job', 'name=nope'], 'no Jobs named "nope"'],
        [['delete'], 'no workloads'],
      ] as const)
        expect(await project.run(argv)).toMatchObject({ code: 0, stderr: `${none} ${where}` });
      await project.run(['job']);
      const slip = await project.run([
        'delete-job',
        `name=${first.replace('average', 'avrage')}`,
        'yes=true',
      ]);
      expect(slip.stderr).toContain(`nothing to delete\n  hint: did you mean "${first}"?\n`);
      expect(names()).toHaveLength(2);
    });

    it('cleans failed Jobs only', async () => {
      await project.run(['job']);
      cluster.simulation.move('lab', first, { kind: 'failed' });
      cluster.simulation.move('lab', second, { kind: 'running' });
      await project.run(['clean_jobs', 'yes=true']);
      expect(names()).toEqual([second]);
    });

    it('deletes nothing when the listing fails half-way', async () => {
      await project.run(['job']);
      cluster.fail(
        { kind: 'answer', status: 403 },
        { when: ({ method, path }) => method === 'GET' && path.endsWith('/pods') },
      );
      expect((await project.run(['delete', 'yes=true'])).code).toBe(3);
      expect(cluster.count('DELETE')).toBe(0);
    });
  });

  describe('pod', () => {
    const running = async (): Promise<string> => {
      cluster.simulation.fate = () => ({ kind: 'running' });
      const { stdout } = await project.run(['pod']);
      return /pod\/(\S+) created/.exec(stdout)?.[1] ?? '';
    };

    it('takes the next number while the name is taken, also when an answer is lost', async () => {
      for (const name of ['alice-example-interactive-pod', 'alice-example-interactive-pod-1'])
        expect(await project.run(['pod'])).toMatchObject({ code: 0, stdout: `pod/${name} created\n` });
      cluster.fail(
        { kind: 'lost-after' },
        { when: ({ method, path }) => method === 'POST' && path.endsWith('/pods') },
      );
      // Whatever was lost: one more pod, not two.
      await project.run(['pod']);
      expect(names('pods')).toHaveLength(3);
    });

    it('opens a shell, runs commands, and ends with their exit code', async () => {
      const pod = await running();
      await expect.poll(() => cluster.store.get('pods', 'lab', pod)?.['status'].phase).toBe('Running');
      expect(await project.run(['exec', `pod=${pod}`, 'command=echo hi; exit 9'])).toEqual({
        code: 9,
        stdout: 'hi\n',
        stderr: '',
      });
      expect(await project.run(['exec', `pod=${pod}`], { stdin: 'echo from stdin\nexit 4\n' })).toMatchObject(
        { code: 4, stdout: 'from stdin\n' },
      );
      cluster.programs = (name) => name !== 'bash';
      expect((await project.run(['exec', `pod=${pod}`])).stderr).toContain('has no bash');
    });

    it.each([
      ['trial', '', first],
      ['trial in a pack', 'pack: 2\n', second],
      ['trial of several nodes', 'workers: 1\n', first],
    ])('run in the pod of a %s, whose name no command says', async (_, more, trial) => {
      cluster.simulation.fate = () => ({ kind: 'running' });
      await project.write('config/kube.yaml', kubeYaml + more);
      await project.run(['job']);
      const ours = () => cluster.store.list('pods').filter((pod) => pod['status'].phase === 'Running');
      await expect.poll(() => ours().length).toBeGreaterThan(0);
      const { stdout, stderr } = await project.run(['exec', `pod=${trial}`, 'command=echo hi']);
      expect({ stdout, stderr }).toEqual({ stdout: 'hi\n', stderr: '' });
      // Another attempt that is newer and does not run.
      const [pod] = ours() as [ApiObject];
      const metadata = { ...pod.metadata, name: `${pod.metadata.name}-next`, uid: 'next' };
      const status = { phase: 'Pending' };
      cluster.store.add(kinds.pods, { ...structuredClone(pod), metadata, status } as unknown as ApiObject);
      expect((await project.run(['exec', `pod=${trial}`, 'command=echo again'])).stdout).toBe('again\n');
    });

    it('says that a pod does not exist or is not ready', async () => {
      expect(await project.run(['exec', 'pod=nope'])).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('there is no pod "nope" in namespace lab'),
      });
      await project.run(['pod']);
      expect(await project.run(['copy', 'pod=alice-example-interactive-pod'])).toMatchObject({
        code: 3,
        stderr: expect.stringContaining(
          'pod "alice-example-interactive-pod" is not running: it is pending (waiting for the scheduler)',
        ),
      });
    });

    it('says of a trial without a pod what its Job waits for', async () => {
      await project.run(['job', 'max_parallel=1']);
      expect(await project.run(['exec', `pod=${second}`, 'command=true'])).toEqual({
        code: 3,
        stdout: '',
        stderr: `error KUBE_POD_NOT_READY: the Job of "${second}" has no pod yet: it is suspended (waiting for one of 1 slots (max_parallel))\n  hint: make status says what trials wait for; try again when it runs\n`,
      });
      for (const pod of cluster.store.list('pods')) cluster.store.remove('pods', pod);
      const job = cluster.store.get('jobs', 'lab', first);
      cluster.store.add(kinds.events, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'failed.1', namespace: 'lab' },
        reason: 'FailedCreate',
        message:
          'Error creating: pods "x-" is forbidden: exceeded quota: gpus, requested: pods=1, used: pods=4, limited: pods=4',
        involvedObject: { kind: 'Job', name: first, uid: job?.metadata.uid },
      } as unknown as ApiObject);
      expect((await project.run(['port-forward', `pod=${first}`, 'port=1'])).stderr).toContain(
        `the Job of "${first}" has no pod yet: it is pending (its pod is not created: the quota "gpus" is used up (pods: 4 of 4 used, 1 wanted))`,
      );
    });

    it('copies the file: entries', async () => {
      await project.write('config/kube.yaml', kubeYaml.replace('file: null', 'file: [src]'));
      await project.write('src/a.py', 'print(1)\n');
      const pod = await running();
      await expect.poll(() => cluster.store.get('pods', 'lab', pod)?.['status'].phase).toBe('Running');
      expect(await project.run(['copy', `pod=${pod}`])).toMatchObject({
        code: 0,
        stdout: `Copied src/a.py to ${pod}:src/a.py\n`,
      });
      expect(await readFile(join(cluster.folder, 'src/a.py'), 'utf8')).toBe('print(1)\n');
    });

    it('copies what links lead to, and .env as a Job gets it; refuses what leads out or is empty', async () => {
      await project.write('.env', 'TOKEN=x\nCUDA_VISIBLE_DEVICES=3\nWANDB_MODE=offline\n');
      await project.write('src/a.py', 'print(1)\n');
      await mkdir(join(project.root, 'empty'));
      await symlink('a.py', join(project.root, 'src/link.py'));
      await symlink('/etc/hostname', join(project.root, 'out'));
      const pod = await running();
      await expect.poll(() => cluster.store.get('pods', 'lab', pod)?.['status'].phase).toBe('Running');
      expect((await project.run(['copy', `pod=${pod}`, 'file=src', 'file=.env'])).stdout).toBe(
        `Copied src/a.py to ${pod}:src/a.py\nCopied src/link.py to ${pod}:src/link.py\nCopied .env to ${pod}:.env\n`,
      );
      expect(await readFile(join(cluster.folder, 'src/link.py'), 'utf8')).toBe('print(1)\n');
      const dotenv = await readFile(join(cluster.folder, '.env'), 'utf8');
      expect(dotenv).toContain('WANDB_MODE=online');
      expect(dotenv).not.toContain('CUDA_VISIBLE_DEVICES');
      await symlink('../.toolbox/secret-key', join(project.root, 'src/own'));
      for (const [file, why] of [
        ['out', 'leads out of the project'],
        ['empty', 'has no files'],
        ['.toolbox', "the toolbox's own and stays on this machine"],
        ['src', "src/own is the toolbox's own"],
      ]) {
        const answer = await project.run(['copy', `pod=${pod}`, `file=${file}`]);
        expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining(why ?? '') });
      }
    });

    it('names what has a name that is no text, whether in a folder or by itself', async () => {
      await project.write('src/a.py', 'print(1)\n');
      writeFileSync(Buffer.from(`${project.root}/src/caf\xe9.txt`, 'latin1'), '');
      const pod = await running();
      for (const file of ['src', 'src/caf\ufffd.txt']) {
        const { code, stderr } = await project.run(['copy', `pod=${pod}`, `file=${file}`]);
        expect([code, stderr]).toEqual([
          2,
          "error CLI_BAD_VALUE: the name of src/caf\\xe9.txt is not valid UTF-8\n  hint: rename it: mv $'src/caf\\xe9.txt' NEW\n",
        ]);
      }
    });

    it('names what in a folder cannot be copied, and a link that leads nowhere', async () => {
      await project.write('src/a.py', 'print(1)\n');
      execFileSync('mkfifo', [join(project.root, 'src/pipe')]);
      const pod = await running();
      await expect.poll(() => cluster.store.get('pods', 'lab', pod)?.['status'].phase).toBe('Running');
      const copied = await project.run(['copy', `pod=${pod}`, 'file=src']);
      expect(copied).toMatchObject({ code: 0, stdout: `Copied src/a.py to ${pod}:src/a.py\n` });
      expect(copied.stderr).toContain(
        'warning RENDER_FILE_SKIPPED: "src/pipe" is a pipe and is not copied\n',
      );
      await symlink('nowhere', join(project.root, 'src/dangling'));
      const refused = await project.run(['copy', `pod=${pod}`, 'file=src']);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('src/dangling is a link to something that is not there');
    });

    it('forwards a port until interrupted', async () => {
      const pod = await running();
      await expect.poll(() => cluster.store.get('pods', 'lab', pod)?.['status'].phase).toBe('Running');
      const interruption = new AbortController();
      const pending = project.run(['port-forward', `pod=${pod}`, 'port=1:0'], {
        signal: interruption.signal,
        onStderr: (text) => {
          if (text.includes('is port 1 of')) interruption.abort(new Error('enough'));
        },
      });
      expect(await pending).toMatchObject({
        code: 130,
        stderr: expect.stringMatching(/http:\/\/127\.0\.0\.1:\d+ is port 1 of/),
      });
      expect((await project.run(['port-forward', `pod=${pod}`, 'port=x'])).code).toBe(2);
    });
  });
});

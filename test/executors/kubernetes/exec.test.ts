import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archive, findEntries } from '../../../src/executors/kubernetes/copy-archive.ts';
import { type ExecOptions, exec } from '../../../src/executors/kubernetes/exec.ts';
import { NamespaceApi } from '../../../src/executors/kubernetes/namespace-api.ts';
import { forwardPort } from '../../../src/executors/kubernetes/port-forward.ts';
import type { FakeCluster } from '../../fakes/kubernetes-api.ts';
import { addRunningPod, connectToFake, timelessPolicy, useFakeNamespace } from './connect-to-fake.ts';

describe('in a pod', () => {
  let cluster: FakeCluster;
  let api: NamespaceApi;
  const { signal } = new AbortController();

  useFakeNamespace((madeCluster, madeApi) => {
    cluster = madeCluster;
    api = madeApi;
    addRunningPod(cluster, 'p');
  });

  const run = async (command: readonly string[], rest: Partial<ExecOptions> = {}) => {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const texts = { stdout: '', stderr: '' };
    stdout.on('data', (chunk) => {
      texts.stdout += chunk;
    });
    stderr.on('data', (chunk) => {
      texts.stderr += chunk;
    });
    const code = await exec(api, { pod: 'p', command, stdout, stderr, ...rest }, signal);
    return { code, ...texts };
  };

  it('runs a command and returns its exit code and both outputs', async () => {
    expect(await run(['bash', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({
      code: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect((await run(['true'])).code).toBe(0);
  });

  it('leaves an output that is read no further to its owner', async () => {
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(new Error('write EPIPE')) });
    stdout.on('error', () => undefined);
    expect((await run(['seq', '200000'], { stdout })).code).toBe(0);
  });

  it('passes words on as they are', async () => {
    const words = ['a b', "it's", '$HOME', 'ü&=?#'];
    expect((await run(['printf', '%s\n', ...words])).stdout).toBe(`${words.join('\n')}\n`);
  });

  it('feeds standard input and closes it', async () => {
    const input = 'line\n'.repeat(200_000);
    const { stdout } = await run(['wc', '-c'], { stdin: Readable.from([Buffer.from(input)]) });
    expect(stdout.trim()).toBe(String(input.length));
  });

  it('does not wait for a key when the command has ended', async () => {
    expect((await run(['bash', '-c', 'exit 3'], { stdin: new PassThrough() })).code).toBe(3);
  });

  it('tells the terminal size at first and after each change', async () => {
    const size = { columns: 80, rows: 24 };
    let change = (): void => undefined;
    const pending = run(['sleep', '0.4'], {
      terminal: {
        size: () => size,
        onResize: (listener) => {
          change = listener;
          return () => undefined;
        },
      },
      stdin: new PassThrough(),
    });
    await expect.poll(() => cluster.execs[0]?.sizes).toEqual([{ Width: 80, Height: 24 }]);
    size.columns = 120;
    change();
    await pending;
    expect(cluster.execs[0]).toMatchObject({
      tty: true,
      sizes: [
        { Width: 80, Height: 24 },
        { Width: 120, Height: 24 },
      ],
    });
  });

  it('works with a server that speaks only v4', async () => {
    cluster.onlyV4 = true;
    expect((await run(['bash', '-c', 'exit 5'])).code).toBe(5);
  });

  it('says why a command waits for the end of its input where a server cannot be told of it', async () => {
    cluster.onlyV4 = true;
    const { stdout, stderr } = await run(['bash', '-c', 'read -r line; echo "$line"; read -r -t 1 line'], {
      stdin: Readable.from([Buffer.from('first\n')]),
    });
    expect(stdout).toBe('first\n');
    expect(stderr).toContain('cannot be told that the input has ended');
  });

  it('says that there is no such pod, that it is not ready, or that it has no such program', async () => {
    await expect(run(['bash'], { pod: 'gone' })).rejects.toMatchObject({ reason: 'NotFound' });
    cluster.simulation.movePod('lab', 'p', { kind: 'succeeded' });
    await expect(run(['bash'])).rejects.toMatchObject({
      message: 'pod p is not running. Current status=Succeeded',
    });
    cluster.simulation.movePod('lab', 'p', { kind: 'running' });
    await expect(run(['no-such-shell'])).rejects.toMatchObject({
      diagnostics: [{ code: 'KUBE_NO_PROGRAM', message: 'the container of pod "p" has no "no-such-shell"' }],
    });
    // In the words of crun.
    cluster.programMissing = (name) =>
      `OCI runtime error: crun: executable file \`${name}\` not found in $PATH: No such file or directory`;
    await expect(run(['no-such-shell'])).rejects.toMatchObject({
      diagnostics: [{ code: 'KUBE_NO_PROGRAM' }],
    });
  });

  it('says that the right is missing, and that a connection was lost', async () => {
    cluster.denied = (_user, _verb, resource) => resource === 'pods/exec';
    await expect(run(['bash'])).rejects.toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining('"pods/exec"'),
    });
    cluster.denied = () => false;
    // A node agent's own words, in plain text.
    const body = 'container not found ("main")';
    cluster.fail({ kind: 'answer', status: 500, body }, { when: ({ method }) => method === 'CONNECT' });
    await expect(run(['bash'])).rejects.toMatchObject({ status: 500, message: body });
    cluster.fail({ kind: 'lost-before' }, { when: ({ method }) => method === 'CONNECT' });
    await expect(run(['bash'])).rejects.toMatchObject({ diagnostics: [{ code: 'KUBE_NO_UPGRADE' }] });
  });

  it('asks again where the server turns it away, as late as it says, and runs the command once', async () => {
    const policy = timelessPolicy();
    const notices: string[] = [];
    const client = connectToFake(cluster, { policy, notice: (message) => notices.push(message) });
    api = new NamespaceApi(client, 'lab');
    const when = ({ method }: { method: string }) => method === 'CONNECT';
    cluster.fail({ kind: 'answer', status: 429, headers: { 'retry-after': '7' } }, { when });
    cluster.fail({ kind: 'answer', status: 503 }, { when });
    cluster.fail({ kind: 'answer', status: 503, body: 'no backend' }, { when });
    expect(await run(['echo', 'once'])).toEqual({ code: 0, stdout: 'once\n', stderr: '' });
    expect(policy.slept[0]).toBeGreaterThanOrEqual(7000);
    expect(policy.slept).toHaveLength(3);
    expect(notices).toEqual([expect.stringContaining('the cluster is not answering as it should (HTTP 503')]);
    expect(cluster.execs).toHaveLength(1);
    // For ever, it says so in the end; and what may have begun in the pod is not asked for twice.
    cluster.fail({ kind: 'answer', status: 503 }, { when, times: 999 });
    await expect(run(['true'])).rejects.toMatchObject({ status: 503 });
    cluster.faults.clear();
    cluster.requests.length = 0;
    cluster.fail({ kind: 'answer', status: 502 }, { when });
    await expect(run(['true'])).rejects.toMatchObject({ status: 502 });
    expect(cluster.count('CONNECT')).toBe(1);
  });

  describe('copying', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'copy-'));
    });
    afterEach(async () => {
      await rm(folder, { recursive: true });
    });

    it.each([false, true])('unpacks files, folders, modes and long names (only v4: %s)', async (onlyV4) => {
      cluster.onlyV4 = onlyV4;
      const long = `deep/${'folder-with-a-long-name/'.repeat(6)}file-ü.bin`;
      const data = Buffer.from(Array.from({ length: 70_001 }, (_, index) => index % 251));
      for (const name of ['a.txt', 'src/run.sh', long])
        await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, 'a.txt'), '');
      await writeFile(join(folder, 'src/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
      await writeFile(join(folder, long), data);
      const entries = await findEntries(folder, ['a.txt', 'src', 'deep'], () => undefined);
      const { code, stderr } = await run(['tar', '-xf', '-'], { stdin: archive(entries) });
      // Where time takes none, the toolbox speaks before tar has ended.
      expect({ code, stderr }).toEqual({ code: 0, stderr: onlyV4 ? expect.any(String) : '' });
      expect((await readFile(join(cluster.folder, long))).equals(data)).toBe(true);
      expect((await stat(join(cluster.folder, 'src/run.sh'))).mode & 0o777).toBe(0o755);
      expect((await stat(join(cluster.folder, 'a.txt'))).size).toBe(0);
    });
  });

  describe('a forwarded port', () => {
    it('carries connections there and back, several at once, and goes on after one fails', async () => {
      const body = 'x'.repeat(300_000);
      const web = createServer((request, response) => {
        request.resume().on('end', () => response.end(`${request.url} ${body}`));
      });
      await new Promise<void>((settle) => web.listen(0, '127.0.0.1', settle));
      const port = (web.address() as AddressInfo).port;
      const stop = new AbortController();
      const errors: unknown[] = [];
      const server = await forwardPort(
        api,
        { pod: 'p', port, localPort: 0, report: (error) => errors.push(error) },
        stop.signal,
      );
      const local = (server.address() as AddressInfo).port;
      const answers = await Promise.all(
        ['/a', '/b', '/c'].map(async (path) => (await fetch(`http://127.0.0.1:${local}${path}`)).text()),
      );
      expect(answers).toEqual(['/a', '/b', '/c'].map((path) => `${path} ${body}`));
      web.closeAllConnections();
      await new Promise((settle) => web.close(settle));
      // A new connection: those of before ended with the server.
      const fresh = connect(local, '127.0.0.1');
      fresh.on('error', () => undefined);
      await expect.poll(() => String(errors[0])).toContain(`nothing listens on port ${port} in the pod`);
      stop.abort();
    });

    it('listens on this machine only', async () => {
      const stop = new AbortController();
      const server = await forwardPort(
        api,
        { pod: 'p', port: 1, localPort: 0, report: () => undefined },
        stop.signal,
      );
      expect((server.address() as AddressInfo).address).toBe('127.0.0.1');
      const taken = forwardPort(
        api,
        { pod: 'p', port: 1, localPort: (server.address() as AddressInfo).port, report: () => undefined },
        stop.signal,
      );
      await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' });
      stop.abort();
    });
  });
});

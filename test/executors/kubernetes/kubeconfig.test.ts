import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createProxy } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import type { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts';
import { ApiClient } from '../../../src/executors/kubernetes/api-client.ts';
import { openChannelSocket } from '../../../src/executors/kubernetes/channel-socket.ts';
import { Connection } from '../../../src/executors/kubernetes/connection.ts';
import { readKubeconfig } from '../../../src/executors/kubernetes/kubeconfig.ts';
import { proxyFor } from '../../../src/executors/kubernetes/proxy.ts';
import { type FakeCluster, startFakeCluster } from '../../fakes/kubernetes-api.ts';
import { kinds } from '../../fakes/kubernetes-api-kinds.ts';
import { timelessPolicy } from './connect-to-fake.ts';

const pods = '/api/v1/namespaces/lab/pods';
const signal = new AbortController().signal;

describe('a kubeconfig, as kubectl reads it', () => {
  let folder: string;
  let cluster: FakeCluster;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    cluster = await startFakeCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
    return path;
  };

  /** Reads the kubeconfig and lists pods with it. */
  const use = async (env: Record<string, string>, context?: string, now = Date.now): Promise<ApiClient> => {
    const access = await readKubeconfig({ PATH: process.env['PATH'], ...env }, context);
    return new ApiClient(new Connection(access, { PATH: process.env['PATH'], ...env }, now), {
      policy: timelessPolicy(),
    });
  };
  const list = async (client: ApiClient): Promise<void> => {
    try {
      await client.request({ path: pods, signal });
    } finally {
      client.close();
    }
  };
  const refusal = async (promise: Promise<unknown>): Promise<DiagnosticError> =>
    promise.then(
      () => expect.unreachable('it should have been refused'),
      (error) => error as DiagnosticError,
    );

  it('takes an address without a scheme, and refuses what is none', async () => {
    const bare = cluster.url.replace('https://', '');
    const path = await write('config', cluster.kubeconfig({ cluster: { server: `${bare}/` } }));
    await list(await use({ KUBECONFIG: path }));
    const wrong = await write('wrong', cluster.kubeconfig({ cluster: { server: 'https://a b' } }));
    expect((await refusal(use({ KUBECONFIG: wrong }))).diagnostics[0]).toMatchObject({
      code: 'KUBE_CONFIG_INVALID',
      message: 'the server "https://a b" of context "fake" is no address',
    });
  });

  it('signs in with a token', async () => {
    await list(await use({ KUBECONFIG: await write('config', cluster.kubeconfig()) }));
  });

  it('finds ~/.kube/config, in YAML', async () => {
    await write('.kube/config', stringify(JSON.parse(cluster.kubeconfig())));
    await list(await use({ HOME: folder }));
  });

  it('merges a list: missing files are skipped, the first to name a thing wins', async () => {
    const first = await write(
      'first',
      stringify({
        contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake', namespace: 'mine' } }],
      }),
    );
    const second = await write('second', cluster.kubeconfig());
    const third = await write(
      'third',
      cluster.kubeconfig({ context: 'third', cluster: { server: 'https://elsewhere' } }),
    );
    const access = await readKubeconfig({
      KUBECONFIG: [first, join(folder, 'missing'), second, third].join(':'),
    });
    expect(access).toMatchObject({ context: 'fake', namespace: 'mine', server: cluster.url });
    const other = await readKubeconfig({ KUBECONFIG: [second, third].join(':') }, 'third');
    expect(other.server).toBe('https://elsewhere');
  });

  it('signs in with a client certificate, from data or from files beside the kubeconfig', async () => {
    const { cert, key } = cluster.authority.issue({ commonName: 'bob', organization: 'lab' });
    const data = {
      'client-certificate-data': Buffer.from(cert).toString('base64'),
      'client-key-data': Buffer.from(key).toString('base64'),
    };
    const seen: string[] = [];
    cluster.denied = (user) => {
      seen.push(user);
      return false;
    };
    await list(await use({ KUBECONFIG: await write('data', cluster.kubeconfig({ user: data })) }));
    await write('keys/cert.pem', cert);
    await write('keys/key.pem', key);
    await write('keys/ca.pem', cluster.authority.cert);
    const files = { 'client-certificate': 'cert.pem', 'client-key': 'key.pem' };
    const config = cluster.kubeconfig({
      user: files,
      cluster: { 'certificate-authority-data': undefined, 'certificate-authority': 'ca.pem' },
    });
    await list(await use({ KUBECONFIG: await write('keys/config', config) }));
    expect(seen).toEqual(['bob', 'bob']);
  });

  it('honours tls-server-name and insecure-skip-tls-verify', async () => {
    const named = cluster.kubeconfig({ cluster: { 'tls-server-name': 'localhost' } });
    await list(await use({ KUBECONFIG: await write('named', named) }));
    const wrong = cluster.kubeconfig({ cluster: { 'tls-server-name': 'elsewhere.example' } });
    const error = await refusal(use({ KUBECONFIG: await write('wrong', wrong) }).then(list));
    expect(error.diagnostics[0]?.code).toBe('KUBE_TLS');
    const insecure = { 'insecure-skip-tls-verify': true, 'certificate-authority-data': undefined };
    await list(await use({ KUBECONFIG: await write('insecure', cluster.kubeconfig({ cluster: insecure })) }));
  });

  it('reads a token file anew when the server says 401, and gives up at the second 401', async () => {
    const tokenFile = await write('token', 'good-token\n');
    const client = await use({
      KUBECONFIG: await write('config', cluster.kubeconfig({ user: { tokenFile: 'token' } })),
    });
    await client.request({ path: pods, signal });
    cluster.tokens.clear();
    cluster.tokens.set('fresh-token', 'alice');
    await writeFile(tokenFile, 'fresh-token');
    await client.request({ path: pods, signal });
    cluster.tokens.clear();
    const error = await refusal(client.request({ path: pods, signal }));
    expect(error.diagnostics[0]?.code).toBe('KUBE_UNAUTHORIZED');
    expect(error.message).not.toContain('token');
    client.close();
  });

  describe('with an exec plugin', () => {
    const plugin = async (body: string): Promise<string> => {
      const path = await write('plugin', `#!/bin/sh\necho run >> "${folder}/runs"\n${body}\n`);
      await chmod(path, 0o755);
      return path;
    };
    const config = (exec: object): Promise<string> =>
      write(
        'config',
        cluster.kubeconfig({
          user: {
            exec: { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', ...exec },
          },
        }),
      );
    const runs = async (): Promise<number> =>
      (await readFile(join(folder, 'runs'), 'utf8')).split('\n').length - 1;
    const answer = (status: string): string =>
      `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}'`;

    it('runs it once for many requests, and again when the token expires or is refused', async () => {
      await plugin(`${answer(`{"token":"'"$WHICH"'","expirationTimestamp":"'"$(cat ${folder}/until)"'"}`)}`);
      await write('until', new Date(Date.now() + 3_600_000).toISOString());
      const env = [{ name: 'WHICH', value: 'good-token' }];
      let clock = Date.now();
      const client = await use(
        { KUBECONFIG: await config({ command: './plugin', env }) },
        undefined,
        () => clock,
      );
      await Promise.all(Array.from({ length: 10 }, () => client.request({ path: pods, signal })));
      expect(await runs()).toBe(1);
      clock += 3_600_000;
      await client.request({ path: pods, signal });
      expect(await runs()).toBe(2);
      client.close();
    });

    it('gives it KUBERNETES_EXEC_INFO with the cluster when it asks for it', async () => {
      await plugin(`echo "$KUBERNETES_EXEC_INFO" > "${folder}/info"\n${answer('{"token":"good-token"}')}`);
      await list(await use({ KUBECONFIG: await config({ command: './plugin', provideClusterInfo: true }) }));
      const info = JSON.parse(await readFile(join(folder, 'info'), 'utf8'));
      expect(info).toMatchObject({
        kind: 'ExecCredential',
        spec: { interactive: false, cluster: { server: cluster.url } },
      });
    });

    it('gives it the configuration of the cluster entry, and refuses to ask where nobody can answer', async () => {
      await plugin(`echo "$KUBERNETES_EXEC_INFO" > "${folder}/info"\n${answer('{"token":"good-token"}')}`);
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: './plugin',
        interactiveMode: 'IfAvailable',
        provideClusterInfo: true,
      };
      const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'lab' } }];
      const text = cluster.kubeconfig({ user: { exec }, cluster: { extensions } });
      await list(await use({ KUBECONFIG: await write('config', text) }));
      expect(JSON.parse(await readFile(join(folder, 'info'), 'utf8'))).toMatchObject({
        spec: { cluster: { config: { audience: 'lab' } } },
      });
      const asking = await config({ command: './plugin', interactiveMode: 'Always' });
      expect((await refusal(use({ KUBECONFIG: asking }).then(list))).diagnostics[0]).toMatchObject({
        code: 'KUBE_CREDENTIALS',
        message: expect.stringContaining('there is no terminal'),
      });
      const empty = await write('config', cluster.kubeconfig({ user: { exec: { apiVersion: 'v1' } } }));
      expect((await refusal(use({ KUBECONFIG: empty }))).diagnostics[0]?.code).toBe('KUBE_CONFIG_INVALID');
    });

    it('opens a WebSocket with what it prints after a refusal', async () => {
      await plugin(answer(`{"token":"'"$(cat ${folder}/token)"'"}`));
      await write('token', 'old-token');
      const client = await use({ KUBECONFIG: await config({ command: './plugin' }) });
      const open = () =>
        openChannelSocket(client, `${pods}/none/exec?command=true`, ['v5.channel.k8s.io'], signal);
      expect(await refusal(open())).toMatchObject({ diagnostics: [{ code: 'KUBE_UNAUTHORIZED' }] });
      expect(await runs()).toBe(2);
      await write('token', 'good-token');
      // It is let in, and there is no such pod.
      expect(await refusal(open())).toMatchObject({ status: 404 });
      expect(await runs()).toBe(3);
      client.close();
    });

    it('is not run where a token is written down', async () => {
      await plugin('exit 1');
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: './plugin',
        interactiveMode: 'Never',
      };
      const text = cluster.kubeconfig({ user: { exec, token: 'good-token' } });
      await list(await use({ KUBECONFIG: await write('config', text) }));
    });

    it('is waited for by nobody who is interrupted, and ends with the client', async () => {
      await plugin(`echo $$ > "${folder}/pid.new"\nmv "${folder}/pid.new" "${folder}/pid"\nexec sleep 600`);
      const client = await use({ KUBECONFIG: await config({ command: './plugin' }) });
      const interruption = new AbortController();
      const asked = client.request({ path: pods, signal: interruption.signal });
      const pid = await vi.waitFor(async () => Number(await readFile(join(folder, 'pid'), 'utf8')), 20_000);
      interruption.abort(new Error('interrupted'));
      await expect(asked).rejects.toThrow('interrupted');
      client.close();
      await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 20_000);
    });

    it('uses a client certificate that it prints', async () => {
      const { cert, key } = cluster.authority.issue({ commonName: 'carol' });
      await write(
        'answer',
        JSON.stringify({
          kind: 'ExecCredential',
          status: { clientCertificateData: cert, clientKeyData: key },
        }),
      );
      await plugin(`cat "${folder}/answer"`);
      const seen: string[] = [];
      cluster.denied = (user) => seen.push(user) < 0;
      await list(await use({ KUBECONFIG: await config({ command: './plugin' }) }));
      expect(seen).toEqual(['carol']);
    });

    it('says how it failed, with its own hint when it is not installed', async () => {
      await plugin('exit 3');
      const failed = await refusal(use({ KUBECONFIG: await config({ command: './plugin' }) }).then(list));
      expect(failed.diagnostics[0]).toMatchObject({
        code: 'KUBE_CREDENTIALS',
        message: expect.stringContaining('ended with 3'),
      });
      const missing = await refusal(
        use({
          KUBECONFIG: await config({ command: 'no-such-plugin', installHint: 'get it from the lab' }),
        }).then(list),
      );
      expect(missing.diagnostics[0]).toMatchObject({ code: 'KUBE_CREDENTIALS', hint: 'get it from the lab' });
    });
  });

  it('uses the service account inside a pod', async () => {
    await write('token', 'good-token');
    await write('ca.crt', cluster.authority.cert);
    await write('namespace', 'lab\n');
    const port = new URL(cluster.url).port;
    const env = {
      HOME: folder,
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: port,
      KUBERNETES_SERVICE_ACCOUNT_DIR: folder,
    };
    expect(await readKubeconfig(env)).toMatchObject({ context: 'in-cluster', namespace: 'lab' });
    await list(await use(env));
  });

  it('goes through the proxy of the cluster entry, with its login', async () => {
    const asked: string[] = [];
    const proxy = createProxy();
    proxy.on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const each of [socket, upstream]) each.on('error', () => undefined);
    });
    await new Promise<void>((settle) => proxy.listen(0, '127.0.0.1', settle));
    const port = (proxy.address() as AddressInfo).port;
    const config = cluster.kubeconfig({ cluster: { 'proxy-url': `http://me:secret@127.0.0.1:${port}` } });
    await list(await use({ KUBECONFIG: await write('config', config) }));
    expect(asked).toEqual([
      `127.0.0.1:${new URL(cluster.url).port} Basic ${Buffer.from('me:secret').toString('base64')}`,
    ]);
    proxy.close();
  });

  it.each([
    ['socks5://127.0.0.1', [5, 1, 0], undefined],
    ['socks5h://me:secret@127.0.0.1', [5, 2, 0, 2], 'me secret'],
  ])(
    'goes through a SOCKS proxy (%s), and reads long answers, which come compressed',
    async (address, hello, login) => {
      const asked: string[] = [];
      const proxy = createServer((socket) => {
        socket.on('error', () => undefined);
        const next = (): Promise<Buffer> => new Promise((settle) => socket.once('data', settle));
        void (async () => {
          expect([...(await next())]).toEqual(hello);
          socket.write(Buffer.from([5, login === undefined ? 0 : 2]));
          if (login !== undefined) {
            const sent = await next();
            const user = sent.subarray(2, 2 + (sent[1] ?? 0));
            asked.push(`${user} ${sent.subarray(3 + user.length)}`);
            socket.write(Buffer.from([1, 0]));
          }
          const request = await next();
          const length = request[4] ?? 0;
          asked.push(`${request.subarray(5, 5 + length)}:${request.readUInt16BE(5 + length)}`);
          const upstream = connect(request.readUInt16BE(5 + length), '127.0.0.1', () => {
            socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
            upstream.pipe(socket).pipe(upstream);
          });
          upstream.on('error', () => undefined);
        })();
      });
      await new Promise<void>((settle) => proxy.listen(0, '127.0.0.1', settle));
      const { port } = proxy.address() as AddressInfo;
      for (let index = 0; index < 40; index += 1)
        cluster.store.add(kinds.pods, {
          metadata: { name: `p${index}`, namespace: 'lab', annotations: { long: 'x'.repeat(10_000) } },
        } as never);
      const config = cluster.kubeconfig({ cluster: { 'proxy-url': `${address}:${port}` } });
      const client = await use({ KUBECONFIG: await write('config', config) });
      const { items } = await client.request<{ items: unknown[] }>({ path: pods, signal });
      client.close();
      expect(items).toHaveLength(40);
      expect(asked).toEqual([
        ...(login === undefined ? [] : [login]),
        `127.0.0.1:${new URL(cluster.url).port}`,
      ]);
      expect(cluster.compressed).toBe(1);
      proxy.close();
    },
  );

  it.each([
    ['proxy-url: no address', { 'proxy-url': 'not a url' }, {}],
    ['proxy-url: another scheme', { 'proxy-url': 'ftp://hunter2@proxy' }, {}],
    ['HTTPS_PROXY', { server: 'https://api.lab.example' }, { HTTPS_PROXY: 'http://bad host:80' }],
  ])('refuses what cannot be used: %s', async (_, entry, env) => {
    const config = cluster.kubeconfig({ cluster: entry });
    const error = await refusal(
      (async () => list(await use({ KUBECONFIG: await write('config', config), ...env })))(),
    );
    expect(error.diagnostics[0]?.code).toBe('KUBE_CONFIG_INVALID');
    expect(error.exitCode).toBe(2);
    expect(error.message).not.toContain('hunter2');
  });

  it('refuses a client certificate that is none, without trying again', async () => {
    const user = { 'client-certificate-data': 'bm9uZQ==', 'client-key-data': 'bm9uZQ==' };
    const config = cluster.kubeconfig({ user });
    const error = await refusal(
      (async () => list(await use({ KUBECONFIG: await write('config', config) })))(),
    );
    expect(error.diagnostics[0]).toMatchObject({
      code: 'KUBE_CONFIG_INVALID',
      message: expect.stringContaining('client-certificate'),
    });
  });

  it('signs in with the token that a legacy auth-provider has', async () => {
    const provider = (name: string) => ({
      'auth-provider': {
        name,
        config: { 'id-token': idToken, 'access-token': 'good-token', expiry: '2999-01-01T00:00:00Z' },
      },
    });
    // A token of OpenID Connect: three parts, the middle one says when it expires.
    const idToken = ['{}', '{"exp":32503680000}', 'x']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
    cluster.tokens.set(idToken, 'alice');
    for (const name of ['oidc', 'azure', 'gcp']) {
      const config = cluster.kubeconfig({ user: provider(name) });
      await list(await use({ KUBECONFIG: await write('config', config) }));
    }
    const unknown = cluster.kubeconfig({ user: provider('openstack') });
    const error = await refusal(
      (async () => list(await use({ KUBECONFIG: await write('config', unknown) })))(),
    );
    expect(error.diagnostics[0]).toMatchObject({
      code: 'KUBE_CREDENTIALS',
      hint: expect.stringContaining('exec plugin'),
    });
  });

  it.each([
    ['https://api.lab.example:6443', { HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['https://api.lab.example:6443', { https_proxy: 'proxy:3128' }, 'http://proxy:3128/'],
    ['https://api.lab.example', { HTTPS_PROXY: 'http://proxy', NO_PROXY: '.lab.example' }, undefined],
    ['https://api.lab.example', { HTTPS_PROXY: 'http://proxy', NO_PROXY: 'lab.example' }, undefined],
    ['https://api.lab.example', { HTTPS_PROXY: 'http://proxy', NO_PROXY: 'b.example' }, 'http://proxy/'],
    [
      'https://api.lab.example:6443',
      { HTTPS_PROXY: 'http://proxy', NO_PROXY: 'api.lab.example:443' },
      'http://proxy/',
    ],
    ['https://10.1.2.3', { HTTPS_PROXY: 'http://proxy', NO_PROXY: '10.0.0.0/8' }, undefined],
    ['https://11.1.2.3', { HTTPS_PROXY: 'http://proxy', NO_PROXY: '10.0.0.0/8' }, 'http://proxy/'],
    ['https://127.0.0.1:6443', { HTTPS_PROXY: 'http://proxy' }, undefined],
    ['https://x', { HTTPS_PROXY: 'http://proxy', no_proxy: '*' }, undefined],
    ['https://x', { HTTP_PROXY: 'http://proxy' }, undefined],
  ])('%s with %j goes through %s', (server, env, proxy) => {
    expect(proxyFor(new URL(server), undefined, env)?.href).toBe(proxy);
  });

  it.each([
    ['KUBE_CONFIG_MISSING', {}],
    ['KUBE_CONFIG_INVALID', { config: 'users: [{name: x, user: {token: hunter2-secret\n' }],
    ['KUBE_CONFIG_NO_CONTEXT', { config: '{}' }],
    ['KUBE_CONFIG_NO_CONTEXT', { config: 'current-context: other\ncontexts: [{name: fake}]' }],
    [
      'KUBE_CONFIG_INVALID',
      { config: 'current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]' },
    ],
  ])('%s', async (code, files: { config?: string }) => {
    if (files.config !== undefined) await write('.kube/config', files.config);
    const error = await refusal(readKubeconfig({ HOME: folder }));
    expect(error.diagnostics[0]?.code).toBe(code);
    expect(error.message).not.toContain('hunter2');
    expect(error.exitCode).toBe(2);
  });
});

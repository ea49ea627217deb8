import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts';
import type { ApiClient } from '../../../src/executors/kubernetes/api-client.ts';
import { ApiError } from '../../../src/executors/kubernetes/api-error.ts';
import { Connection } from '../../../src/executors/kubernetes/connection.ts';
import { type FakeCluster, startFakeCluster } from '../../fakes/kubernetes-api.ts';
import { connectToFake, jobObject, timelessPolicy } from './connect-to-fake.ts';

const jobs = '/apis/batch/v1/namespaces/lab/jobs';
const signal = new AbortController().signal;

/** Either kind of error, with the fields a test looks at. */
type Refusal = Omit<DiagnosticError, 'name'> & Omit<ApiError, 'name'>;

async function refusal(promise: Promise<unknown>): Promise<Refusal> {
  return promise.then(
    () => expect.unreachable('it should have been refused'),
    (error) => error as Refusal,
  );
}

describe('the API client on a bad day', () => {
  let cluster: FakeCluster;
  const clients: ApiClient[] = [];
  const connect: typeof connectToFake = (...given) => {
    const client = connectToFake(...given);
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    cluster = await startFakeCluster();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await cluster.stop();
  });

  it('waits as long as Retry-After says, and not shorter', async () => {
    cluster.fail({ kind: 'answer', status: 429, headers: { 'retry-after': '7' } });
    const policy = timelessPolicy();
    await connect(cluster, { policy }).request({ path: jobs, signal });
    expect(policy.slept.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(7000);
    expect(cluster.count('GET')).toBe(2);
  });

  it('backs off from a 429 that says nothing', async () => {
    cluster.fail({ kind: 'answer', status: 429 }, { times: 5 });
    const policy = timelessPolicy();
    await connect(cluster, { policy }).request({ path: jobs, signal });
    expect(policy.slept).toEqual([...policy.slept].sort((a, b) => a - b));
    expect(cluster.count('GET')).toBe(6);
  });

  it('survives a storm of 429 with every request answered in the end', async () => {
    cluster.fail({ kind: 'answer', status: 429 }, { times: 200 });
    const client = connect(cluster, { policy: timelessPolicy() });
    const names = Array.from({ length: 100 }, (_, index) => `storm-${index}`);
    await Promise.all(
      names.map((name) => client.request({ method: 'POST', path: jobs, body: jobObject(name), signal })),
    );
    expect(cluster.store.list('jobs')).toHaveLength(100);
  });

  it('outlasts 60 s of 503', async () => {
    const policy = timelessPolicy();
    const client = connect(cluster, { policy });
    cluster.fail({ kind: 'answer', status: 503 }, { while: () => (policy.now?.() ?? 0) < 60_000 });
    await client.request({ path: jobs, signal });
    expect(policy.now?.()).toBeGreaterThanOrEqual(60_000);
  });

  it('gives up after the overall deadline with what the server said last', async () => {
    const policy = { ...timelessPolicy(), overallTimeout: 20_000 };
    const client = connect(cluster, { policy });
    await client.request({ path: jobs, signal });
    cluster.fail({ kind: 'answer', status: 503 }, { times: 1000 });
    const error = await refusal(client.request({ path: jobs, signal }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error.reason).toBe('ServiceUnavailable');
  });

  it.each(['lost-before', 'lost-after', 'cut-answer'] as const)(
    'sends a write again whose answer was %s',
    async (kind) => {
      const client = connect(cluster, { policy: timelessPolicy() });
      await client.request({ path: jobs, signal });
      cluster.fail({ kind });
      const result = client.request({ method: 'POST', path: jobs, body: jobObject('once'), signal });
      if (kind === 'lost-before') await result;
      else expect((await refusal(result)).reason).toBe('AlreadyExists');
      expect(cluster.store.list('jobs')).toHaveLength(1);
    },
  );

  it('gives up on a silent server and tries another connection', async () => {
    const client = connect(cluster, { policy: { ...timelessPolicy(), attemptTimeout: 200 } });
    cluster.fail({ kind: 'hang' });
    await client.request({ path: jobs, signal });
    expect(cluster.count('GET')).toBe(2);
  });

  it('tells once that it waits for a server that does not say a word', async () => {
    const said: string[] = [];
    const policy = { ...timelessPolicy(), attemptTimeout: 300, silence: 50 };
    const client = connect(cluster, { policy, notice: (line) => said.push(line) });
    cluster.fail({ kind: 'hang' }, { times: 2 });
    await Promise.all([client.request({ path: jobs, signal }), client.request({ path: jobs, signal })]);
    expect(said).toEqual([`no answer yet from ${client.connection.where}, waiting on`]);
  });

  it('stops at once when it is aborted, also while it waits', async () => {
    cluster.fail({ kind: 'answer', status: 503, headers: { 'retry-after': '100' } }, { times: 100 });
    const interruption = new AbortController();
    const pending = connect(cluster).request({ path: jobs, signal: interruption.signal });
    setTimeout(() => interruption.abort(new Error('enough')), 100);
    // An AbortError of the timer, or the reason itself: main() knows both.
    await expect(pending).rejects.toThrow(/enough|aborted/);
  });

  it('says that a proxy answered instead of the API', async () => {
    cluster.fail({ kind: 'html', status: 200 });
    const error = await refusal(
      connect(cluster, { policy: timelessPolicy() }).request({ path: jobs, signal }),
    );
    expect(error.diagnostics[0]?.code).toBe('KUBE_NOT_AN_API');
    expect(error.message).toContain('titled "Sign in"');
    expect(error.exitCode).toBe(3);
  });

  it('tries again when a proxy answers 502 with HTML for a moment', async () => {
    cluster.fail({ kind: 'html', status: 502 }, { times: 2 });
    await connect(cluster, { policy: timelessPolicy() }).request({ path: jobs, signal });
    expect(cluster.count('GET')).toBe(3);
  });

  it('says within a few attempts that there is no cluster at all', async () => {
    const server = createServer();
    await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
    const { port } = server.address() as { port: number };
    await new Promise((settle) => server.close(settle));
    const gone = {
      ...cluster,
      url: `https://127.0.0.1:${port}`,
      authority: cluster.authority,
    } as FakeCluster;
    const policy = timelessPolicy();
    const error = await refusal(connect(gone, { policy }).request({ path: jobs, signal }));
    expect(error.diagnostics[0]?.code).toBe('KUBE_UNREACHABLE');
    expect(error.message).toContain('the connection was refused');
    expect(policy.slept.length).toBeLessThan(6);
  });

  it('does not try again when the certificate is not signed by the authority', async () => {
    const connection = new Connection(
      {
        context: 'other',
        server: cluster.url,
        namespace: 'lab',
        tls: {},
        proxyUrl: undefined,
        user: { impersonate: {} },
      },
      {},
      Date.now,
    );
    const { ApiClient } = await import('../../../src/executors/kubernetes/api-client.ts');
    const policy = timelessPolicy();
    const error = await refusal(new ApiClient(connection, { policy }).request({ path: jobs, signal }));
    expect(error.diagnostics[0]?.code).toBe('KUBE_TLS');
    expect(policy.slept).toEqual([]);
  });

  it('shows each warning of the server once', async () => {
    const notices: string[] = [];
    const client = connect(cluster, { notice: (message) => notices.push(message) });
    for (const name of ['a', 'b'])
      await client.request({
        method: 'POST',
        path: jobs,
        body: jobObject(name, { spec: { nonsense: 1 } }),
        signal,
      });
    expect(notices).toEqual(['warning of the cluster: unknown field "spec.nonsense"']);
  });

  it('never has more requests under way than the policy says', async () => {
    let most = 0;
    let busy = 0;
    const client = connect(cluster, { policy: { concurrency: 3 } });
    const send = client.connection.send.bind(client.connection);
    client.connection.send = async (...given) => {
      busy += 1;
      most = Math.max(most, busy);
      try {
        return await send(...given);
      } finally {
        busy -= 1;
      }
    };
    await Promise.all(Array.from({ length: 30 }, () => client.request({ path: jobs, signal })));
    expect(most).toBe(3);
  });
});

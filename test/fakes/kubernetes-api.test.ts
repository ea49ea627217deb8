import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../src/executors/kubernetes/connection.ts';
import type { FakeCluster } from './kubernetes-api.ts';
import { startFakeCluster } from './kubernetes-api.ts';

// The fake is held to exchanges recorded with a real 1.36 cluster: the same requests, in the same order, must
// be answered with the same status and the same words.

interface Exchange {
  readonly name: string;
  readonly request: { method: string; path: string; headers?: Record<string, string>; body?: unknown };
  readonly response: { status: number; headers: Record<string, string>; body: Record<string, unknown> };
}

const recorded = JSON.parse(
  await readFile(new URL('../fixtures/kubernetes-api/exchanges.json', import.meta.url), 'utf8'),
) as Exchange[];

/** Recorded with a body too large to keep; made again at the recorded size. */
const bulky: Readonly<Record<string, () => unknown>> = {
  'create secret over 1 MiB: Invalid': () => secret('rec-big', 1_048_577),
  'create secret of 1 MiB': () => secret('rec-big', 1_048_576),
  'create job with annotations over 256 KiB: Invalid': () => job('rec-ann', { note: 'a'.repeat(262_144) }),
  'create job with a 4 MiB body: apiserver limit': () => job('rec-4m', { note: 'a'.repeat(4_194_304) }),
};

/** Exchanges that depend on what ran on that cluster besides the requests; the simulation has its own tests. */
const onlyThere = new Set([
  // A quirk of that server (two UIDs of one retried create); ours says what etcd says.
  'create job with a 2 MiB command: etcd limit',
  'pod log',
  'list pods of a job',
  'watch from a resourceVersion too old: 410 in the stream or response',
  'change the pod template of a job: Invalid (immutable)',
  'get finished job',
  'get failed job',
  'pods of the failed job',
  'pods of the job without its image',
  'pods of the job that cannot be scheduled',
  'events of the job that cannot be scheduled',
  'get the Indexed job: completedIndexes and failedIndexes',
]);

function secret(name: string, bytes: number): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    data: { big: Buffer.alloc(bytes, 'a').toString('base64') },
  };
}

function job(name: string, annotations: Record<string, string>): unknown {
  const container = { name: 'main', image: 'docker.io/lab/python:3', command: ['/bin/true'] };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, annotations },
    spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
  };
}

/** What may differ between two clusters: identities, times, versions, counts of other people's objects. */
function comparable(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
    .replace(/"resourceVersion":"\d+"/g, '"resourceVersion":"N"')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/"continue":"[^"]+"/g, '"continue":"TOKEN"')
    .replace(/used: count\/jobs.batch=\d+/, 'used: N');
}

/** In one order, and without what recordings leave out. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'managedFields')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

describe('the fake API server', () => {
  let cluster: FakeCluster;
  let connection: Connection;

  beforeAll(async () => {
    cluster = await startFakeCluster();
    connection = new Connection(
      {
        context: 'fake',
        server: cluster.url,
        namespace: 'lab',
        tls: { ca: Buffer.from(cluster.authority.cert) },
        proxyUrl: undefined,
        user: { impersonate: {} },
      },
      {},
      Date.now,
    );
  });
  afterAll(async () => {
    connection.close();
    await cluster.stop();
  });

  const tokens = new Map<string, string>();

  for (const exchange of recorded.filter((each) => !onlyThere.has(each.name)))
    it(`answers as recorded: ${exchange.name}`, async () => {
      const { request } = exchange;
      const make = bulky[exchange.name];
      const body = make === undefined ? request.body : make();
      const anonymous = exchange.name.startsWith('unauthenticated');
      const path = [...tokens].reduce((text, [from, to]) => text.replace(from, to), request.path);
      const response = await connection.send(
        {
          method: request.method,
          path,
          headers: {
            ...(anonymous ? {} : { authorization: 'Bearer good-token' }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...request.headers,
          },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
          signal: AbortSignal.timeout(20_000),
        },
        { headers: {} },
      );
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const answer = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
      expect(response.statusCode, Buffer.concat(chunks).toString('utf8').slice(0, 500)).toBe(
        exchange.response.status,
      );
      expect(response.headers['warning']).toBe(exchange.response.headers['warning']);
      const wanted = exchange.response.body;
      const from = (wanted['metadata'] as { continue?: string } | undefined)?.continue;
      const to = (answer['metadata'] as { continue?: string } | undefined)?.continue;
      if (from !== undefined && to !== undefined) tokens.set(from, to);
      if (typeof wanted === 'string') return;
      expect(JSON.parse(comparable(JSON.stringify(sorted(answer))))).toEqual(
        JSON.parse(comparable(JSON.stringify(sorted(wanted)))),
      );
    });
});

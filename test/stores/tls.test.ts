import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { createServer, connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createAuthority } from '../fakes/certificate.ts';
import { listenOnLoopback } from '../fakes/loopback.ts';
import { connect, never, QuickClock } from './fake-bucket.ts';

/** A server with a certificate of a lab's own authority; the connections of these numbers meet something else. */
async function startServer(bad: readonly number[]) {
  const authority = createAuthority();
  const folder = mkdtempSync(join(tmpdir(), 'ktb-tls-'));
  const bundle = join(folder, 'ca.pem');
  writeFileSync(bundle, authority.cert);
  const server = createHttps(authority.issue({ commonName: 'lab', names: ['127.0.0.1'] }), (_, response) => {
    response.writeHead(200, { connection: 'close', etag: '"x"', 'content-length': 3 }).end();
  });
  const port = await listenOnLoopback(server);
  let count = 0;
  const front = createServer((socket) => {
    socket.on('error', () => undefined);
    if (bad.includes(++count)) return void socket.end('a balancer that restarts\r\n');
    const onward = dial(port, '127.0.0.1');
    onward.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const url = `https://127.0.0.1:${await listenOnLoopback(front)}`;
  return { S3_ENDPOINT_URL: url, S3_BUCKET_NAME: 'example', AWS_CA_BUNDLE: bundle };
}

it("a lab's own authority is believed, and a TLS error of a server that has answered before passes", async () => {
  const store = await connect(await startServer([2]), new QuickClock());
  for (let index = 0; index < 3; index++) expect(await store.head('a', never)).toMatchObject({ size: 3 });
  store.close();
});

it('a server that does not speak TLS is told at once', async () => {
  const store = await connect(await startServer([1]), new QuickClock());
  await expect(store.head('a', never)).rejects.toThrow(/does not speak TLS/);
  store.close();
});

it("a lab's own authority is named to who has none", async () => {
  const { AWS_CA_BUNDLE: _, ...env } = await startServer([]);
  const store = await connect(env, new QuickClock());
  await expect(store.head('a', never)).rejects.toMatchObject({
    diagnostics: [
      {
        message: `the certificate of ${env.S3_ENDPOINT_URL} (S3_ENDPOINT_URL from the environment) is not trusted here: unable to verify the first certificate`,
        hint: expect.stringContaining('set AWS_CA_BUNDLE'),
      },
    ],
  });
  store.close();
});

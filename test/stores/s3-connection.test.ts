import { createServer } from 'node:http';
import { connect, createServer as createForwarder, type Server, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { consume } from '../../src/stores/s3-answer.ts';
import { NoAnswer, S3Connection } from '../../src/stores/s3-connection.ts';
import { listenOnLoopback } from '../fakes/loopback.ts';

async function connectTo(server: Server): Promise<S3Connection> {
  const url = new URL(`http://127.0.0.1:${await listenOnLoopback(server)}`);
  const connection = new S3Connection(url, undefined, {});
  onTestFinished(() => connection.close());
  return connection;
}

/** A server behind something that can forget all connections there are, in silence, as a NAT or a sleeping laptop does. */
async function startForgetful() {
  const server = createServer((_, response) => void response.end('answer'));
  const port = await listenOnLoopback(server);
  const alive = new Set<Socket>();
  const forwarder = createForwarder((socket) => {
    const onward = connect(port, '127.0.0.1');
    alive.add(socket);
    socket.on('data', (bytes) => void (alive.has(socket) && onward.write(bytes)));
    onward.on('data', (bytes) => void (alive.has(socket) && socket.write(bytes)));
    for (const each of [socket, onward]) each.on('error', () => undefined);
    socket.on('close', () => onward.destroy());
  });
  return { connection: await connectTo(forwarder), forget: () => alive.clear() };
}

it.each([
  ['sockets of our own', { host: 'a', range: 'bytes=0-5' }],
  ["Node's client", { host: 'a' }],
])('one kept connection that has died takes the others with it: %s', async (_, headers) => {
  const { connection, forget } = await startForgetful();
  const { signal } = new AbortController();
  const ask = async () => {
    const request = { method: 'GET', target: '/a', headers, payload: undefined, signal };
    const answer = await connection.send({ ...request, idleTimeout: 200 });
    await consume(answer.body, () => undefined);
    return answer.reused;
  };
  expect(await Promise.all(Array.from({ length: 8 }, ask))).toEqual(Array(8).fill(false));
  expect(await ask()).toBe(true);
  forget();
  await expect(ask()).rejects.toThrow(NoAnswer);
  expect(await ask()).toBe(false);
});

it.each([
  ['sockets of our own', { host: 'a', range: 'bytes=0-999' }],
  ["Node's client", { host: 'a' }],
])('an answer that comes a byte now and then is given up in the end: %s', async (_, headers) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    const drip = setInterval(() => response.write('x'), 10);
    response.on('close', () => clearInterval(drip));
  });
  const connection = await connectTo(server);
  const { signal } = new AbortController();
  const request = { method: 'GET', target: '/a', headers, payload: undefined, signal };
  const answer = await connection.send({ ...request, idleTimeout: 300 });
  let size = 0;
  const take = (chunk: Buffer) => {
    size += chunk.length;
    return undefined;
  };
  await expect(consume(answer.body, take)).rejects.toThrow(/not done in|aborted/);
  expect(size).toBeGreaterThan(0);
});

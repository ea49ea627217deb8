import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { consume } from '../../src/stores/s3-answer.ts';
import { S3Connection } from '../../src/stores/s3-connection.ts';
import { SilenceWatch } from '../../src/stores/silence-watch.ts';
import { listenOnLoopback } from '../fakes/loopback.ts';

// Looks come when a test says so; bytes come as they do.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

const { signal } = new AbortController();

async function watch(server: Server) {
  const url = new URL(`http://127.0.0.1:${await listenOnLoopback(server)}`);
  const said: string[] = [];
  const silence = new SilenceWatch((line) => void said.push(line), url.origin, 60_000);
  const connection = new S3Connection(url, undefined, {}, silence);
  onTestFinished(() => connection.close());
  const ask = async (
    headers: Record<string, string>,
    take: () => Promise<void> | undefined = () => undefined,
  ) => {
    const request = { method: 'GET', target: '/', headers, payload: undefined, idleTimeout: 60_000, signal };
    await consume((await connection.send(request)).body, take);
  };
  return { url, said, connection, ask };
}

const clients = [
  ['sockets of our own', { host: 'a', range: 'bytes=0-1' }],
  ["Node's client", { host: 'a' }],
] as const;

it.each(clients)('a server that falls silent in an answer is told of once: %s', async (_, headers) => {
  const goOn: (() => void)[] = [];
  let began = () => {};
  const { said, url, ask } = await watch(
    createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 2 });
      response.write('a');
      goOn.push(() => void response.end('b'));
    }),
  );
  const first = new Promise<void>((resolve) => {
    began = resolve;
  });
  const asked = ask(headers, () => void began());
  await first;
  vi.advanceTimersByTime(10_000);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([
    expect.stringMatching(
      /^no byte from \S+ since \d\d:\d\d:\d\d, waiting on; after 60 s without one it is asked again$/,
    ),
  ]);
  expect(said[0]).toContain(url.origin);
  for (const each of goOn.splice(0)) each();
  await asked;
  vi.advanceTimersByTime(60_000);
  expect(said.length).toBe(1);
});

it.each(clients)('nor is a disk that is slow the silence of a server: %s', async (_, headers) => {
  const { said, ask } = await watch(
    createServer((_request, response) => void response.end(Buffer.alloc(1 << 20))),
  );
  let isSlow = true;
  let written = () => {};
  let arrived = () => {};
  const here = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const asked = ask(headers, () => {
    arrived();
    if (!isSlow) return undefined;
    return new Promise<void>((resolve) => {
      written = resolve;
    });
  });
  await here;
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
  isSlow = false;
  written();
  await asked;
});

it('one that takes its time says nothing of a server that others get bytes from', () => {
  const said: string[] = [];
  const silence = new SilenceWatch((line) => void said.push(line), 'it', 60_000);
  onTestFinished(() => silence.close());
  const slow = { received: 0, sent: 100, isOurTurn: false };
  const quick = { received: 0, sent: 100, isOurTurn: false };
  silence.begin(slow);
  silence.begin(quick);
  for (let second = 0; second < 60; second++) {
    if (second % 5 === 0) quick.received++;
    silence.look();
  }
  expect(said).toEqual([]);
  silence.end(quick);
  for (let second = 0; second < 60; second++) silence.look();
  expect(said.length).toBe(1);
  // Asked again, and as silent as before.
  silence.end(slow);
  const again = { received: 0, sent: 0, isOurTurn: false };
  silence.begin(again);
  again.sent = 100;
  for (let second = 0; second < 60; second++) silence.look();
  expect(said.length).toBe(1);
  again.received = 1;
  for (let second = 0; second < 60; second++) silence.look();
  expect(said.length).toBe(2);
});

it('says nothing while a large upload may be leaving by a slow line', () => {
  const said: string[] = [];
  const silence = new SilenceWatch((line) => void said.push(line), 'it', 60_000);
  onTestFinished(() => silence.close());
  const upload = { received: 0, sent: 5_000, isOurTurn: false };
  silence.begin(upload);
  upload.sent += 1 << 20;
  for (let second = 0; second < 300; second++) silence.look();
  expect(said).toEqual([]);
  upload.received = 300;
  for (let second = 0; second < 60; second++) silence.look();
  expect(said.length).toBe(1);
});

it('what is sent is our turn while its bytes are read, and the turn of the server once they are', async () => {
  let answer = () => {};
  const { said, connection } = await watch(
    createServer((request, response) => {
      request.resume();
      request.once('end', () => {
        answer = () => void response.end();
      });
    }),
  );
  let begun = () => {};
  let read = () => {};
  const reading = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const open = async function* () {
    yield Buffer.from('a');
    begun();
    await new Promise<void>((resolve) => {
      read = resolve;
    });
    yield Buffer.from('b');
  };
  const request = { method: 'PUT', target: '/', headers: { host: 'a', 'content-length': '2' }, signal };
  const sent = connection.send({ ...request, payload: { size: 2, sha256: '', open }, idleTimeout: 60_000 });
  await reading;
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
  const unanswered = answer;
  read();
  await vi.waitUntil(() => answer !== unanswered);
  vi.advanceTimersByTime(60_000);
  expect(said.length).toBe(1);
  answer();
  await consume((await sent).body, () => undefined);
});

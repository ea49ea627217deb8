import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DirectSocket, NotPlain } from '../../src/stores/direct-socket.ts';
import { listenOnLoopback } from '../fakes/loopback.ts';

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

async function connectTo(server: Server): Promise<DirectSocket> {
  const direct = new DirectSocket({ host: '127.0.0.1', port: await listenOnLoopback(server) });
  onTestFinished(() => direct.destroy());
  return direct;
}

/** A server that answers each request on a connection with the next of these, byte by byte as told. */
async function start(answers: readonly ((socket: Socket) => Promise<void> | void)[]) {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => void answers[asked++]?.(socket));
  });
  const direct = await connectTo(server);
  const reusable: boolean[] = [];
  const ask = () =>
    direct.ask({ method: 'GET', target: '/a', headers: { host: 'a' } }, 5_000, (again) =>
      reusable.push(again),
    );
  return { direct, ask, reusable };
}

async function readAll(answer: Awaited<ReturnType<DirectSocket['ask']>>, wait = false): Promise<string> {
  const pieces: string[] = [];
  await answer.body.consume((chunk) => {
    pieces.push(chunk.toString());
    return wait ? pause().then(() => undefined) : undefined;
  });
  return pieces.join('');
}

const head = (length: number, more = '') =>
  `HTTP/1.1 206 Partial Content\r\nContent-Length: ${length}\r\n${more}\r\n`;

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('a direct socket', () => {
  it.each([false, true])(
    'reads one answer after another, in pieces of any kind; taken slowly: %s',
    async (slowly) => {
      const { ask, reusable } = await start([
        async (socket) => {
          for (const character of head(5, 'ETag:  "x" \r\n')) socket.write(character);
          await pause();
          for (const character of 'first') {
            socket.write(character);
            await pause();
          }
        },
        (socket) => void socket.write(`${head(6)}second`),
        (socket) => void socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
        (socket) => void socket.end(`${head(5, 'Connection: close\r\n')}fifth`),
      ]);
      const first = await ask();
      expect(first).toMatchObject({ status: 206, headers: { etag: '"x"', 'content-length': '5' } });
      expect(await readAll(first, slowly)).toBe('first');
      expect(await readAll(await ask(), slowly)).toBe('second');
      const third = await ask();
      expect([third.status, await readAll(third)]).toEqual([404, '']);
      expect(await readAll(await ask(), slowly)).toBe('fifth');
      expect(reusable).toEqual([true, true, true, false]);
    },
  );

  it.each([
    ['broken chunks', `${chunked}1\r\nab\r\n0\r\n\r\n`],
    ['trailers', `${chunked}0\r\nA: b\r\n\r\n`],
    ['a long answer in chunks', `${chunked}80000\r\n${'a'.repeat(0x80000)}\r\n0\r\n\r\n`],
    ['chunks with a length', `${chunked.slice(0, -2)}Content-Length: 1\r\n\r\n0\r\n\r\n`],
    ['no length', 'HTTP/1.1 206 OK\r\nETag: "x"\r\n\r\n'],
    ['two lengths', head(5, 'content-length: 6\r\n')],
    ['a folded header', head(5, 'a: b\r\n c\r\n')],
    ['another version', 'HTTP/1.0 206 OK\r\nContent-Length: 1\r\n\r\na'],
    ['a preliminary answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ])('leaves %s to a real client', async (_, text) => {
    const { ask, direct } = await start([(socket) => void socket.write(text)]);
    await expect(ask()).rejects.toThrow(NotPlain);
    expect(direct.usable).toBe(false);
  });

  it('puts short answers in chunks together', async () => {
    const { ask, reusable } = await start([
      async (socket) => {
        for (const character of `${chunked}3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n`) {
          socket.write(character);
          await pause();
        }
      },
      (socket) => void socket.write(`${chunked}0\r\n\r\n`),
      (socket) => void socket.end(`${chunked}3\r\nab`),
    ]);
    expect(await readAll(await ask())).toBe('abc0123456789');
    expect(await readAll(await ask())).toBe('');
    expect(reusable).toEqual([true, true]);
    await expect(ask()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it.each([10, 100_000, 5_000_000])('sends a body of %d bytes with its head', async (size) => {
    let got = Buffer.alloc(0);
    const content = randomBytes(size);
    const server = createServer((socket) => {
      socket.on('data', (piece) => {
        got = Buffer.concat([got, piece]);
        if (got.subarray(got.indexOf('\r\n\r\n') + 4).length === size)
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const direct = await connectTo(server);
    const headers = { 'content-length': String(size), 'x-name': 'caf\u00e9' };
    const answer = await direct.ask({ method: 'PUT', target: '/a', headers, content }, 5_000, () => {});
    expect(answer.status).toBe(200);
    const text = `PUT /a HTTP/1.1\r\ncontent-length: ${size}\r\nx-name: caf\u00e9\r\n\r\n`;
    expect(got.equals(Buffer.concat([Buffer.from(text, 'latin1'), content]))).toBe(true);
  });

  it('is not used again where the server answers before it has read everything', async () => {
    const { direct } = await start([(socket) => void socket.pause().write(`${head(0)}`)]);
    const content = Buffer.alloc(64 << 20);
    const reusable: boolean[] = [];
    const answer = await direct.ask({ method: 'PUT', target: '/a', headers: {}, content }, 5_000, (again) =>
      reusable.push(again),
    );
    expect(answer.status).toBe(206);
    expect(reusable).toEqual([false]);
  });

  it('puts no line break into a head', async () => {
    const { direct } = await start([]);
    const headers = { 'if-match': '"a\r\nx: y"' };
    await expect(direct.ask({ method: 'GET', target: '/a', headers }, 5_000, () => {})).rejects.toThrow(
      'if-match',
    );
  });

  it('fails when the body breaks off, after what came was taken', async () => {
    const { ask, reusable } = await start([(socket) => void socket.end(`${head(9)}part`)]);
    const answer = await ask();
    let taken = '';
    const reading = answer.body.consume(async (chunk) => {
      await pause();
      taken += chunk.toString();
    });
    await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(taken).toBe('part');
    expect(reusable.at(-1)).toBe(false);
  });

  it('does not take more than was announced', async () => {
    const { ask, reusable } = await start([(socket) => void socket.write(`${head(3)}too long`)]);
    await expect(readAll(await ask())).rejects.toThrow('more than was announced');
    expect(reusable).not.toContain(true);
  });

  it('passes on what the taker throws', async () => {
    const { ask, direct } = await start([(socket) => void socket.write(`${head(4)}abc`)]);
    const reading = (await ask()).body.consume(() => {
      throw new Error('disk full');
    });
    await expect(reading).rejects.toThrow('disk full');
    expect(direct.usable).toBe(false);
  });
});

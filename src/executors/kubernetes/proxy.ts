import { BlockList, connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';

/**
 * The proxy for a server: the cluster's own `proxy-url`, else what the environment says, by the rules of
 * kubectl (Go): `HTTPS_PROXY` in either case, `NO_PROXY` with hosts, suffixes, addresses, CIDR ranges and
 * ports; this machine itself is never reached through a proxy of the environment.
 */
export function proxyFor(
  server: URL,
  proxyUrl: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): URL | undefined {
  if (proxyUrl !== undefined) return parseProxy(proxyUrl, "the kubeconfig's proxy-url");
  const scheme = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = env[scheme] || env[scheme.toLowerCase()];
  if (value === undefined || value === '') return undefined;
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host === '::1' || /^127\./.test(host)) return undefined;
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  if (isExcluded(host, port, env['NO_PROXY'] || env['no_proxy'] || '')) return undefined;
  return parseProxy(value.includes('://') ? value : `http://${value}`, scheme);
}

/** The value may hold a login, so it is not shown. @throws DiagnosticError KUBE_CONFIG_INVALID */
function parseProxy(value: string, what: string): URL {
  const proxy = URL.canParse(value) ? new URL(value) : undefined;
  if (proxy !== undefined && /^(?:https?|socks5h?):$/.test(proxy.protocol) && proxy.hostname !== '')
    return proxy;
  throw new DiagnosticError(
    errorDiagnostic('KUBE_CONFIG_INVALID', `${what} is not the address of a proxy`, {
      hint: 'write http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT',
    }),
    2,
  );
}

function isExcluded(host: string, port: string, list: string): boolean {
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, address = entry, bits] = /^(.+)\/(\d+)$/.exec(entry) ?? [];
      if (bits !== undefined)
        return isIP(host) !== 0 && isIP(address) === isIP(host) && inRange(host, address, Number(bits));
      const [, name = entry, onlyPort] = /^([^:]+):(\d+)$/.exec(entry) ?? [];
      if (onlyPort !== undefined && onlyPort !== port) return false;
      const suffix = name.replace(/^\*?\./, '');
      return name === suffix ? host === name || host.endsWith(`.${name}`) : host.endsWith(`.${suffix}`);
    });
}

function inRange(host: string, address: string, bits: number): boolean {
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
  const ranges = new BlockList();
  ranges.addSubnet(address, bits, family);
  return ranges.check(host, family);
}

/** A TCP connection to `host:port` through an `http:`, `https:`, `socks5:` or `socks5h:` proxy. */
export async function connectThrough(
  proxy: URL,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const proxyPort = Number(proxy.port || { 'https:': 443, 'http:': 80 }[proxy.protocol] || 1080);
  const proxyHost = proxy.hostname.replace(/^\[|\]$/g, '');
  const socket: Socket =
    proxy.protocol === 'https:'
      ? connectTls({ host: proxyHost, port: proxyPort, servername: proxyHost })
      : connectTcp({ host: proxyHost, port: proxyPort });
  const abort = (): void => {
    socket.destroy(new Error('aborted'));
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    await once(socket, proxy.protocol === 'https:' ? 'secureConnect' : 'connect');
    if (proxy.protocol.startsWith('socks')) await socksConnect(socket, proxy, host, port);
    else await httpConnect(socket, proxy, host, port);
    return socket;
  } catch (cause) {
    socket.destroy();
    throw Object.assign(new Error(`proxy ${proxy.host}: ${(cause as Error).message}`), {
      code: 'EPROXY',
      cause,
    });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function httpConnect(socket: Socket, proxy: URL, host: string, port: number): Promise<void> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization =
    proxy.username === '' ? '' : `Proxy-Authorization: Basic ${Buffer.from(login).toString('base64')}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`);
  let answer = '';
  while (!answer.includes('\r\n\r\n')) {
    answer += (await read(socket)).toString('latin1');
    if (answer.length > 16_384) throw new Error('its answer to CONNECT is too long');
  }
  const status = /^HTTP\/1\.[01] (\d{3})[^\r]*/.exec(answer);
  if (status?.[1] !== '200') throw new Error(`it answered CONNECT with "${status?.[0] ?? 'not HTTP'}"`);
  socket.unshift(Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1'));
}

/** RFC 1928, with RFC 1929 user name and password; names are resolved by the proxy. */
async function socksConnect(socket: Socket, proxy: URL, host: string, port: number): Promise<void> {
  const user = Buffer.from(decodeURIComponent(proxy.username));
  const password = Buffer.from(decodeURIComponent(proxy.password));
  socket.write(Buffer.from(user.length > 0 ? [5, 2, 0, 2] : [5, 1, 0]));
  const choice = await readExactly(socket, 2);
  if (choice[1] === 2) {
    socket.write(
      Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]),
    );
    if ((await readExactly(socket, 2))[1] !== 0) throw new Error('it refused the user name or password');
  } else if (choice[1] !== 0) throw new Error('it offers no way to sign in');
  const name = Buffer.from(host);
  socket.write(
    Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([port >> 8, port & 255])]),
  );
  const head = await readExactly(socket, 5);
  if (head[1] !== 0) throw new Error(`it could not connect (SOCKS reply ${head[1]})`);
  await readExactly(socket, head[3] === 1 ? 5 : head[3] === 4 ? 17 : (head[4] ?? 0) + 2);
}

async function readExactly(socket: Socket, size: number): Promise<Buffer> {
  let data = await read(socket);
  while (data.length < size) data = Buffer.concat([data, await read(socket)]);
  socket.unshift(data.subarray(size));
  return data.subarray(0, size);
}

/** The next bytes; leaves the socket paused, so that what follows is not lost. */
async function read(socket: Socket): Promise<Buffer> {
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) return chunk;
    await once(socket, 'readable');
    if (socket.readableEnded) throw new Error('it closed the connection');
  }
}

function once(socket: Socket, event: string): Promise<void> {
  return new Promise((settle, fail) => {
    const done = (error?: Error): void => {
      socket.off(event, ready);
      socket.off('error', done);
      socket.off('close', closed);
      if (error === undefined) settle();
      else fail(error);
    };
    const ready = (): void => done();
    const closed = (): void => done(new Error('the connection was closed'));
    socket.on(event, ready);
    socket.on('error', done);
    socket.on('close', closed);
  });
}

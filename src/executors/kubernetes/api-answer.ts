import type { IncomingMessage } from 'node:http';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import type { StatusBody } from './api-error.ts';
import type { Connection } from './connection.ts';
import { TimeoutError, unreachable } from './connection-failure.ts';

/** The whole body as text; rejects when it breaks off. */
export async function readBody(response: IncomingMessage, alive: () => void): Promise<string> {
  const source =
    response.headers['content-encoding'] === 'gzip'
      ? response.pipe(process.getBuiltinModule('node:zlib').createGunzip())
      : response;
  if (source !== response) response.on('error', (error) => source.destroy(error));
  const chunks: Buffer[] = [];
  for await (const chunk of source) {
    alive();
    chunks.push(chunk as Buffer);
  }
  return chunks.length === 1
    ? (chunks[0] as Buffer).toString('utf8')
    : Buffer.concat(chunks).toString('utf8');
}

/** A body as it comes. One that breaks off, or of which nothing comes for `quiet` milliseconds, rejects. */
export async function* readChunks(
  response: IncomingMessage,
  { quiet, signal }: { readonly quiet: number; readonly signal: AbortSignal },
  connection: Connection,
): AsyncGenerator<Buffer> {
  let isWaited = true;
  const watchdog = setTimeout(() => {
    // Whoever reads on a terminal may take their time.
    if (isWaited) response.destroy(new TimeoutError(quiet));
    else watchdog.refresh();
  }, quiet);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      isWaited = false;
      yield chunk;
      isWaited = true;
      watchdog.refresh();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(error as Error, connection);
  } finally {
    clearTimeout(watchdog);
    response.destroy();
  }
}

/** A proxy's page comes with 200, too. That JSON is whole, the end of the body has told. */
export function checkAnswer(text: string, response: IncomingMessage, where: string): void {
  const type = response.headers['content-type'] ?? '';
  if (!type.includes('json') || !/^\s*[{[]/.test(text.slice(0, 100)))
    throw notAnApi(where, response.statusCode ?? 0, response, text);
}

export function parseStatus(text: string): StatusBody | undefined {
  try {
    const body = JSON.parse(text) as StatusBody | null;
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

export function notAnApi(
  where: string,
  status: number,
  response: IncomingMessage,
  text: string,
): DiagnosticError {
  const title = /<title>\s*([^<]{1,80}?)\s*<\/title>/i.exec(text)?.[1];
  return new DiagnosticError(
    errorDiagnostic(
      'KUBE_NOT_AN_API',
      `${where} answered HTTP ${status}${describeType(response)}${title === undefined ? '' : ` titled "${title}"`} instead of the Kubernetes API`,
      {
        hint: 'a proxy or a login page is in between: check HTTPS_PROXY, NO_PROXY and the server of the kubeconfig',
      },
    ),
    3,
  );
}

export function describeType(response: IncomingMessage): string {
  const type = response.headers['content-type']?.split(';')[0];
  return type === undefined || type === 'application/json'
    ? ''
    : type === 'text/html'
      ? ' with an HTML page'
      : ` with ${type}`;
}

/** What a server's `Warning` header says, such as that a field is deprecated (RFC 7234, code 299). */
export function* parseWarnings(header: string): Generator<string> {
  for (const [, message = ''] of header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g))
    yield message.replace(/\\(.)/g, '$1');
}

import type { Readable } from 'node:stream';
import { checkHeader, digestHeader, isMd5ETag, parseDigestScheme } from './digest.ts';
import { DirectBody } from './direct-socket.ts';
import type { ObjectInfo } from './object-store.ts';
import type { Answer } from './s3-connection.ts';
import { parseXml, type XmlElement } from './s3-xml.ts';

/** The answer cannot be trusted or was cut off; the attempt is made again. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
  /** Whether the attempt got further than the one before, so that patience begins anew. */
  readonly progress: boolean;

  constructor(message: string, progress = false) {
    super(message);
    this.progress = progress;
  }
}

/** An answer with a status of success holds an error: the server began it before it knew. Counts as any other refusal. */
export class ErrorInside extends Error {
  override readonly name = 'ErrorInside';
  /** The XML. */
  readonly text: string;

  constructor(text: string) {
    super('an error inside an answer');
    this.text = text;
  }
}

export function refuseError(root: XmlElement, text: string): void {
  if (root.name === 'Error') throw new ErrorInside(text);
}

/** `listed`: how long the object is by its listing, for an answer that does not say. */
export function detailsOf(key: string, answer: Answer, listed?: number): ObjectInfo {
  const { headers } = answer;
  const size = Number(
    answer.status === 206
      ? /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]
      : (headers['content-length'] ?? listed),
  );
  if (!Number.isSafeInteger(size)) throw new Unusable('the answer does not say how long the object is');
  const etag = etagOf(answer);
  const stored = headers[digestHeader];
  // The ETag first: tools that rewrite an object often keep what is stored beside it.
  const digest =
    isMd5ETag(etag) && isPlain(answer)
      ? `md5:${etag}`
      : typeof stored === 'string' && parseDigestScheme(stored) !== undefined
        ? stored
        : undefined;
  const date = new Date(headers['last-modified'] ?? 0);
  const modified = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  const check = headers[checkHeader];
  const isChecked = digest === stored && typeof check === 'string' && parseDigestScheme(check) !== undefined;
  return { key, size, etag, modified, ...(digest !== undefined && { digest }), ...(isChecked && { check }) };
}

/** Whether an ETag that looks like an MD5 is one, as far as the answer tells. */
export function isPlain({ headers }: Answer): boolean {
  const encrypted =
    headers['x-amz-server-side-encryption-customer-algorithm'] ?? headers['x-amz-server-side-encryption'];
  return encrypted === undefined || encrypted === 'AES256';
}

export function etagOf(answer: Answer): string {
  const etag = unquote(answer.headers.etag ?? '');
  if (etag === '') throw new Unusable('the answer has no ETag');
  return etag;
}

export function unquote(etag: string): string {
  return etag.replace(/^(W\/)?"(.*)"$/, '$2');
}

export function rangeStart(answer: Answer): number {
  const match = /^bytes (\d+)-\d+\/\d+$/.exec(answer.headers['content-range'] ?? '');
  if (match === null) throw new Unusable('a part without Content-Range');
  return Number(match[1]);
}

/**
 * Calls `take` with each chunk of a body; a promise holds the next back. Settles when all were taken. A chunk's memory is
 * given back at once where it has its own, and with events: waiting for the garbage collector and iterating took half
 * the processor time of a large download.
 */
export function consume(
  body: Readable | DirectBody,
  take: (chunk: Buffer) => Promise<void> | undefined,
): Promise<void> {
  if (body instanceof DirectBody) return body.consume(take);
  return new Promise((resolve, reject) => {
    let taking: Promise<void> | undefined;
    const fail = (error: unknown) => {
      reject(error);
      body.destroy();
    };
    // Whoever tries again goes on behind what was taken.
    const breakOff = (error: Error) => void Promise.resolve(taking).then(() => reject(error), reject);
    const free = (chunk: Buffer) => {
      if (chunk.length === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer)
        chunk.buffer.transfer(0);
    };
    body.on('data', (chunk: Buffer) => {
      try {
        taking = take(chunk);
      } catch (error) {
        return fail(error);
      }
      if (taking === undefined) return free(chunk);
      body.pause();
      taking.then(() => {
        free(chunk);
        body.resume();
      }, fail);
    });
    if (body.destroyed) return breakOff(new Error('aborted'));
    // A stream may end while its last piece is still with the one who takes it.
    body.once('end', () => void Promise.resolve(taking).then(resolve, reject));
    body.once('error', breakOff);
    body.once('close', () => breakOff(new Error('aborted')));
  });
}

/** The whole body; answers that are read this way are small, and 64 MiB of one is no listing page. */
export async function readText({ body }: Answer): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  await consume(body, (chunk) => {
    size += chunk.length;
    if (size > 64 << 20) throw new Unusable('an answer of more than 64 MiB');
    chunks.push(Buffer.from(chunk));
    return undefined;
  });
  const [only] = chunks;
  return (chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)).toString('utf8');
}

/** An answer with status 200 may still hold an error, and its body may have been cut off. */
export function parseAnswer(text: string, root: string): XmlElement {
  const element = parseXml(text);
  if (element.name === root) return element;
  refuseError(element, text);
  throw new Unusable(`<${element.name}> where <${root}> was expected: ${text.slice(0, 200)}`);
}

import type { IncomingHttpHeaders } from 'node:http';

/** The first lines of an answer, up to the empty one. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body; `undefined` where it comes in chunks that tell. */
  readonly length: number | undefined;
  /** Whether the server keeps the connection. */
  readonly keep: boolean;
}

/** `undefined` where it is anything but a final answer whose body tells, once, where it ends. */
export function parseAnswerHead(text: string): AnswerHead | undefined {
  const [status = '', ...lines] = text.split('\r\n');
  const code = Number(/^HTTP\/1\.1 ([2-5]\d\d) /.exec(status)?.[1] ?? 0);
  if (code === 0 || code === 204 || code === 304) return undefined;
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined || headers[name] !== undefined) return undefined;
    headers[name] = match?.[2] ?? '';
  }
  const { 'content-length': length, 'transfer-encoding': coding, connection = 'keep-alive' } = headers;
  const keep = connection.toLowerCase() === 'keep-alive';
  if (coding === undefined && length !== undefined && /^\d{1,15}$/.test(length))
    return { status: code, headers, length: Number(length), keep };
  if (coding?.toLowerCase() === 'chunked' && length === undefined)
    return { status: code, headers, length: undefined, keep };
  return undefined;
}

/** The content of a body in chunks, without trailers; `more` where it goes on, `broken` where it is none. */
export function joinChunks(bytes: Buffer): Buffer | 'more' | 'broken' {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const cut = bytes.indexOf('\r\n', at);
    if (cut === -1) return bytes.length - at > 1024 ? 'broken' : 'more';
    const digits = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(bytes.toString('latin1', at, cut))?.[1];
    if (digits === undefined) return 'broken';
    const start = cut + 2;
    const stop = start + Number.parseInt(digits, 16);
    if (bytes.length < stop + 2) return 'more';
    if (bytes[stop] !== 13 || bytes[stop + 1] !== 10) return 'broken';
    at = stop + 2;
    if (start < stop) pieces.push(bytes.subarray(start, stop));
    else return at === bytes.length ? Buffer.concat(pieces) : 'broken';
  }
}

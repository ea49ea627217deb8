import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeBucket, type StoredObject } from './s3-server-bucket.ts';
import { errorXml, escapeText, listXml, partsXml, uploadsXml } from './s3-server-listing.ts';
import { Rejected, verifySignature } from './s3-server-signature.ts';

/** One request as faults and tests see it. */
export interface Seen {
  readonly method: string;
  /** Decoded; empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What goes wrong. `reply` and the like are instead of the true answer, the others spoil it. */
export type Fault =
  | {
      readonly reply: {
        status: number;
        code: string;
        message?: string;
        headers?: Record<string, string>;
        extra?: string;
      };
    }
  /** What a web server answers that is no S3 server. */
  | { readonly page: number }
  /** The connection is reset before any answer; `after`: once the request was carried out. */
  | { readonly reset: 'before' | 'after' }
  /** The body ends after so many bytes: with its length announced, or with nothing that tells. */
  | { readonly cut: number; readonly announced: boolean }
  /** The byte at this position has its bits turned. */
  | { readonly flip: number }
  | { readonly rewrite: (body: string) => string }
  /** What is stored has the byte at this position turned, whatever was promised. */
  | { readonly damage: number }
  /** Runs before the request is carried out; a promise holds it up. */
  | { readonly meanwhile: () => void | Promise<void> };

interface ArmedFault {
  readonly when: (seen: Seen) => boolean;
  readonly fault: Fault;
  left: number;
}

/**
 * An S3 server in memory, as strict as AWS and able to fail on demand. It verifies signatures and digests, insists on
 * the protocol's limits, and refuses what it does not know.
 */
export class FakeS3Server {
  readonly bucketName = 'example';
  readonly bucket = new FakeBucket();
  readonly secrets = new Map([['FAKEKEY', 'fake/secret+key']]);
  /** Every request, in the order of their coming. */
  readonly log: Seen[] = [];
  /** Further names that lead here. */
  readonly names: string[] = [];
  /** Lets unsigned requests in. */
  open = false;
  /** Leaves out how long a HEAD's object is, as behind a proxy that sends everything in chunks. */
  tellsNoLength = false;
  /** Takes bodies as they come, as moto does, and proxies that sign anew. */
  ignoresDigests = false;
  /** Takes no notice of If-Match, as some servers do. */
  ignoresConditions = false;
  /** Milliseconds that its clock is ahead. */
  skew = 0;
  /** Requests under way now and at most. */
  active = 0;
  mostActive = 0;
  readonly #faults: ArmedFault[] = [];
  readonly #tokens = new Map<string, number>();
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The settings a user would have. */
  get env(): Record<string, string> {
    return {
      S3_ENDPOINT_URL: this.url,
      S3_BUCKET_NAME: this.bucketName,
      AWS_ACCESS_KEY_ID: 'FAKEKEY',
      AWS_SECRET_ACCESS_KEY: 'fake/secret+key',
    };
  }

  /** The next `times` requests that `when` picks go wrong. */
  fail(fault: Fault, when: (seen: Seen) => boolean = () => true, times = 1): void {
    this.#faults.push({ when, fault, left: times });
  }

  count(method: string, when: (seen: Seen) => boolean = () => true): number {
    return this.log.filter((seen) => seen.method === method && when(seen)).length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.active++;
    this.mostActive = Math.max(this.mostActive, this.active);
    response.once('close', () => this.active--);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const url = new URL(request.url ?? '/', this.url);
    const [, bucketName = '', ...rest] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
    const key = decodeURIComponent(rest.join('/'));
    const seen: Seen = {
      method: request.method ?? '',
      key,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    this.log.push(seen);
    const armed = this.#faults.find((each) => each.left > 0 && each.when(seen));
    if (armed !== undefined) armed.left--;
    const fault: Fault | undefined = armed?.fault;
    try {
      if (fault !== undefined && 'reset' in fault && fault.reset === 'before')
        return void request.socket.resetAndDestroy();
      if (fault !== undefined && 'meanwhile' in fault) await fault.meanwhile();
      if (fault !== undefined && 'page' in fault)
        return void response
          .writeHead(fault.page, { 'content-type': 'text/html' })
          .end('<html><body><h1>Nothing here</h1><p>nginx</body></html>');
      if (fault !== undefined && 'reply' in fault) {
        const { status, code, message, headers, extra } = fault.reply;
        for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
        throw Object.assign(new Rejected(status, code, message), { extra });
      }
      response.setHeader('date', new Date(Date.now() + this.skew).toUTCString());
      this.#admit(request, seen, bucketName);
      if (this.ignoresConditions) delete seen.headers['if-match'];
      const body = fault !== undefined && 'damage' in fault ? turned(seen.body, fault.damage) : seen.body;
      const reply = this.#route({ ...seen, body });
      if (fault !== undefined && 'reset' in fault) return void request.socket.resetAndDestroy();
      this.#send(request, response, reply, fault ?? {});
    } catch (error) {
      if (!(error instanceof Rejected)) {
        response.writeHead(500).end(String(error));
        return;
      }
      const extra = 'extra' in error ? String(error.extra ?? '') : '';
      const body = seen.method === 'HEAD' ? '' : errorXml(error.code, error.message, extra);
      response.writeHead(error.status, { 'content-type': 'application/xml' }).end(body);
    }
  }

  #admit(request: IncomingMessage, seen: Seen, bucketName: string): void {
    const { hostname, port } = new URL(this.url);
    if (![hostname, ...this.names].some((name) => request.headers.host === `${name}:${port}`))
      throw new Rejected(400, 'InvalidURI', 'wrong Host');
    const payloadHash = verifySignature(request, this.secrets, Date.now() + this.skew);
    if (payloadHash === undefined && !this.open) throw new Rejected(403, 'AccessDenied');
    if (bucketName !== this.bucketName) throw new Rejected(404, 'NoSuchBucket');
    if (['PUT', 'POST'].includes(seen.method) && request.headers['content-length'] === undefined)
      throw new Rejected(411, 'MissingContentLength');
    if (this.ignoresDigests) return;
    const isText =
      payloadHash !== undefined && payloadHash !== 'UNSIGNED-PAYLOAD' && !payloadHash.startsWith('STREAMING');
    if (isText && createHash('sha256').update(seen.body).digest('hex') !== payloadHash)
      throw new Rejected(400, 'XAmzContentSHA256Mismatch');
    const md5 = request.headers['content-md5'];
    if (md5 !== undefined && createHash('md5').update(seen.body).digest('base64') !== md5)
      throw new Rejected(400, 'BadDigest');
  }

  #route({ method, key, query, headers, body }: Seen): Reply {
    const { bucket } = this;
    const has = (name: string) => query.has(name);
    if (key === '') {
      if (method === 'GET' && query.get('list-type') === '2')
        return xml(listXml(bucket, query, this.#tokens));
      if (method === 'GET' && has('uploads')) return xml(uploadsXml(bucket, query));
      if (method === 'POST' && has('delete')) return xml(this.#deleteMany(body, headers));
      if (method === 'HEAD') return { status: 200, headers: {}, body: Buffer.alloc(0) };
      throw new Rejected(501, 'NotImplemented');
    }
    const id = query.get('uploadId') ?? '';
    if (method === 'PUT' && has('uploadId')) {
      const etag = bucket.putPart(id, key, Number(query.get('partNumber')), body);
      return { status: 200, headers: { etag: `"${etag}"` }, body: Buffer.alloc(0) };
    }
    if (method === 'PUT') {
      const { etag } = bucket.put(key, body, kept(headers));
      return { status: 200, headers: { etag: `"${etag}"` }, body: Buffer.alloc(0) };
    }
    if (method === 'POST' && has('uploads')) {
      const begun = bucket.startUpload(key, kept(headers));
      return xml(
        `<InitiateMultipartUploadResult><UploadId>${begun}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (method === 'POST' && has('uploadId')) {
      const parts = [
        ...body
          .toString()
          .matchAll(
            /<PartNumber>(\d+)<\/PartNumber><ETag>&#34;([0-9a-f]{32})&#34;<\/ETag>|<ETag>(?:&quot;|")?([0-9a-f]{32})(?:&quot;|")?<\/ETag><PartNumber>(\d+)<\/PartNumber>/g,
          ),
      ];
      const listed = parts.map((match) => ({
        number: Number(match[1] ?? match[4]),
        etag: match[2] ?? match[3] ?? '',
      }));
      const { etag } = bucket.finishUpload(id, key, listed);
      // White space keeps the connection open while the parts are put together.
      return xml(
        ` \n  <CompleteMultipartUploadResult><Key>${escapeText(key)}</Key><ETag>&quot;${etag}&quot;</ETag></CompleteMultipartUploadResult>`,
      );
    }
    if (method === 'DELETE') {
      if (has('uploadId')) {
        bucket.upload(id, key);
        bucket.uploads.delete(id);
      } else bucket.delete(key);
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    }
    if (method === 'GET' && has('uploadId')) return xml(partsXml(bucket, query, key));
    if (method === 'GET' || method === 'HEAD') return read(bucket, key, query, headers);
    throw new Rejected(501, 'NotImplemented');
  }

  #deleteMany(body: Buffer, headers: Seen['headers']): string {
    // What XML 1.0 cannot hold, not even as a reference; a raw carriage return would be read as a line feed.
    const text = body.toString();
    if (
      /[\0-\u0008\v\f\r\u000e-\u001f\ufffe\uffff]|&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[1245-9]|2\d|3[01]));/i.test(
        text,
      )
    )
      throw new Rejected(400, 'MalformedXML');
    if (headers['content-md5'] === undefined && headers['x-amz-sdk-checksum-algorithm'] === undefined)
      throw new Rejected(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5');
    const keys = [...body.toString().matchAll(/<Key>([\s\S]*?)<\/Key>/g)].map(([, text = '']) =>
      text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(amp|lt|gt|quot|apos));/gi, (_, decimal, hex, name) =>
        name
          ? ({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[String(name)] ?? '')
          : String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16)),
      ),
    );
    if (keys.length === 0 || keys.length > 1000) throw new Rejected(400, 'MalformedXML');
    for (const key of keys) this.bucket.delete(key);
    const quiet = body.includes('<Quiet>true</Quiet>');
    const deleted = keys.map((key) => `<Deleted><Key>${escapeText(key)}</Key></Deleted>`);
    return `<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${quiet ? '' : deleted.join('')}</DeleteResult>`;
  }

  #send(request: IncomingMessage, response: ServerResponse, reply: Reply, fault: Fault | object): void {
    let { body } = reply;
    if ('flip' in fault) {
      body = turned(body, fault.flip);
    }
    if ('rewrite' in fault) body = Buffer.from(fault.rewrite(body.toString()));
    const length = 'rewrite' in fault ? body.length : (reply.length ?? body.length);
    if (!('cut' in fault)) {
      const silent = this.tellsNoLength && request.method === 'HEAD';
      response.writeHead(reply.status, { ...reply.headers, ...(!silent && { 'content-length': length }) });
      response.end(request.method === 'HEAD' ? undefined : body);
      return;
    }
    if (fault.announced) {
      response.writeHead(reply.status, { ...reply.headers, 'content-length': length });
      response.write(body.subarray(0, fault.cut), () => request.socket.destroy());
      return;
    }
    // No length and no chunks: the end of the connection is the end of the body, and a cut looks like it.
    const head = Object.entries(reply.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    request.socket.end(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 ${reply.status} OK\r\n${head.join('')}connection: close\r\n\r\n`),
        body.subarray(0, fault.cut),
      ]),
    );
  }
}

function turned(bytes: Buffer, position: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[position] = (copy[position] ?? 0) ^ 0xff;
  return copy;
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Where it is not the body's own, as for HEAD. */
  readonly length?: number;
}

function xml(text: string): Reply {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) };
}

/** The headers that S3 keeps with an object. */
function kept(headers: Seen['headers']): Record<string, string> {
  const entries = Object.entries(headers).filter(
    ([name]) => name.startsWith('x-amz-meta-') || name === 'content-type',
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function read(bucket: FakeBucket, key: string, query: URLSearchParams, headers: Seen['headers']): Reply {
  const object = bucket.objects.get(key);
  if (object === undefined) throw new Rejected(404, 'NoSuchKey');
  const wanted = headers['if-match'];
  if (wanted !== undefined && wanted.replaceAll('"', '') !== object.etag)
    throw new Rejected(412, 'PreconditionFailed');
  const shared = {
    ...object.headers,
    etag: `"${object.etag}"`,
    'last-modified': object.modified.toUTCString(),
    'accept-ranges': 'bytes',
  };
  const size = object.body.length;
  const [start, end] = rangeOf(object, query.get('partNumber'), headers['range']);
  if (start === undefined || end === undefined) return { status: 200, headers: shared, body: object.body };
  if (start >= size) throw new Rejected(416, 'InvalidRange');
  const last = Math.min(end, size - 1);
  return {
    status: 206,
    headers: { ...shared, 'content-range': `bytes ${start}-${last}/${size}` },
    body: object.body.subarray(start, last + 1),
  };
}

function rangeOf(object: StoredObject, part: string | null, range: string | undefined): [number?, number?] {
  if (part !== null && object.parts !== undefined) {
    const before = object.parts.slice(0, Number(part) - 1).reduce((sum, size) => sum + size, 0);
    return [before, before + (object.parts[Number(part) - 1] ?? 0) - 1];
  }
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  if (match === null) return [];
  return [Number(match[1]), match[2] === '' ? Number.POSITIVE_INFINITY : Number(match[2])];
}

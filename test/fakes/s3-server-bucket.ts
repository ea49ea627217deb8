import { createHash, randomBytes } from 'node:crypto';
import { Rejected } from './s3-server-signature.ts';

export interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
  readonly modified: Date;
  /** `x-amz-meta-*` and the like, given back with the object. */
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: readonly number[] | undefined;
}

interface StoredUpload {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  initiated: Date;
  readonly initiator: string;
  readonly parts: Map<number, { body: Buffer; etag: string; modified: Date }>;
}

const leastPart = 5 << 20;

/** What a bucket holds, with the rules of S3 about it. */
export class FakeBucket {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, StoredUpload>();
  /** Parts smaller than S3's 5 MiB are taken, so that tests need not move that much. */
  smallParts = false;
  /** Who begins uploads; some servers name one for all, or nobody. */
  initiator = 'fake-user';
  /** Of a server that encrypts: ETags of parts look like MD5 and are none. */
  partSalt = '';
  #sorted: string[] | undefined;

  put(
    key: string,
    body: Buffer | string,
    headers: Record<string, string> = {},
    parts?: number[],
  ): StoredObject {
    if (Buffer.byteLength(key) > 1024) throw new Rejected(400, 'KeyTooLongError');
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
    const etag = createHash('md5').update(bytes).digest('hex');
    const object = { body: bytes, etag, modified: new Date(), headers, parts };
    this.store(key, object);
    return object;
  }

  store(key: string, object: StoredObject): void {
    if (!this.objects.has(key)) this.#sorted = undefined;
    this.objects.set(key, object);
  }

  delete(key: string): void {
    if (this.objects.delete(key)) this.#sorted = undefined;
  }

  /** Keys in the order of their UTF-8 bytes. */
  keys(): readonly string[] {
    this.#sorted ??= [...this.objects.keys()]
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .sort((left, right) => Buffer.compare(left.bytes, right.bytes))
      .map(({ key }) => key);
    return this.#sorted;
  }

  startUpload(key: string, headers: Record<string, string>, initiator = this.initiator): string {
    const id = randomBytes(12).toString('base64url');
    this.uploads.set(id, { key, headers, initiated: new Date(), initiator, parts: new Map() });
    return id;
  }

  upload(id: string, key: string): StoredUpload {
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== key) throw new Rejected(404, 'NoSuchUpload');
    return upload;
  }

  putPart(id: string, key: string, number: number, body: Buffer): string {
    if (!(number >= 1 && number <= 10_000)) throw new Rejected(400, 'InvalidArgument');
    const etag = createHash('md5').update(body).update(this.partSalt).digest('hex');
    this.upload(id, key).parts.set(number, { body, etag, modified: new Date() });
    return etag;
  }

  finishUpload(id: string, key: string, listed: readonly { number: number; etag: string }[]): StoredObject {
    const upload = this.upload(id, key);
    const bodies: Buffer[] = [];
    const digests = createHash('md5');
    for (const [index, { number, etag }] of listed.entries()) {
      if (index > 0 && number <= (listed[index - 1]?.number ?? 0))
        throw new Rejected(400, 'InvalidPartOrder');
      const part = upload.parts.get(number);
      if (part === undefined || part.etag !== etag) throw new Rejected(400, 'InvalidPart');
      if (!this.smallParts && index < listed.length - 1 && part.body.length < leastPart)
        throw new Rejected(400, 'EntityTooSmall');
      bodies.push(part.body);
      digests.update(Buffer.from(part.etag, 'hex'));
    }
    if (bodies.length === 0) throw new Rejected(400, 'MalformedXML');
    const object = {
      body: Buffer.concat(bodies),
      etag: `${digests.digest('hex')}-${bodies.length}`,
      modified: new Date(),
      headers: upload.headers,
      parts: bodies.map((body) => body.length),
    };
    this.store(key, object);
    this.uploads.delete(id);
    return object;
  }
}

import { createHash } from 'node:crypto';
import chunk from 'lodash/chunk.js';
import { type DigestText, digestHeader, isMd5ETag, parseDigestScheme } from './digest.ts';
import type {
  DeleteFailure,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  PartsOptions,
  PartUpload,
  Payload,
  PendingUpload,
  PutOptions,
} from './object-store.ts';
import { consume, detailsOf, etagOf, isPlain, rangeStart, Unusable } from './s3-answer.ts';
import type { S3Client } from './s3-client.ts';
import { type Answer, CallerFailed } from './s3-connection.ts';
import { listObjects } from './s3-listing.ts';
import { S3Parts, textPayload } from './s3-parts.ts';
import { childrenNamed, childText, escapeXml, fitsXml } from './s3-xml.ts';
import { StoreError } from './store-error.ts';
import { StreamDigest } from './stream-digest.ts';

/** A bucket of an S3 server, over our own signed requests. What each operation means is here; how it is sent, in `S3Client`. */
export class S3Store implements ObjectStore {
  readonly name: string;
  readonly #client: S3Client;
  readonly #parts: S3Parts;

  constructor(client: S3Client) {
    this.#client = client;
    this.#parts = new S3Parts(client, (key, signal) => this.head(key, signal));
    this.name = `bucket "${client.settings.bucket}" at ${client.settings.endpoint.origin}`;
  }

  list(options: ListOptions): AsyncIterable<ListPage> {
    return listObjects(this.#client, options);
  }

  async head(key: string, signal: AbortSignal, listed?: number): Promise<ObjectInfo | undefined> {
    try {
      const read = (_: string, answer: Answer) => detailsOf(key, answer, listed);
      return await this.#client.text({ method: 'HEAD', key }, read, signal);
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'missing') return undefined;
      throw error;
    }
  }

  async get(key: string, options: GetOptions): Promise<ObjectInfo> {
    const { signal } = options;
    const start = options.range?.start ?? 0;
    let at = start;
    let etag = options.ifMatch;
    let details: ObjectInfo | undefined;
    const request = () => {
      const headers: Record<string, string> = {};
      if (etag !== undefined) headers['if-match'] = `"${etag}"`;
      if (options.range !== undefined || at > start)
        headers['range'] = `bytes=${at}-${options.range ? options.range.end - 1 : ''}`;
      return { method: 'GET', key, headers } as const;
    };
    return await this.#client.perform(
      request,
      async (answer) => {
        const found = detailsOf(key, answer, options.size);
        // Some servers take no notice of If-Match.
        if (etag !== undefined && found.etag !== etag)
          throw new StoreError('changed', 'S3_CHANGED', `"${key}" was replaced while it was being read`);
        const end = options.range?.end ?? found.size;
        let position = answer.status === 206 ? rangeStart(answer) : 0;
        if (position > at || end > found.size) throw new Unusable('another range than was asked for');
        if (details === undefined) options.onDetails?.(found);
        details = found;
        etag = found.etag;
        const before = at;
        try {
          await consume(answer.body, (chunk) => {
            // A server may ignore the range and send all: what comes before it is passed over.
            const piece = chunk.subarray(Math.max(0, at - position), Math.max(0, end - position));
            position += chunk.length;
            at += piece.length;
            return piece.length === 0 ? undefined : callWrite(options.write, piece);
          });
        } catch (error) {
          if (at > before && !(error instanceof CallerFailed)) throw new Unusable('the body broke off', true);
          throw error;
        }
        if (at < end) throw new Unusable(`the body ended ${end - at} bytes early`, at > before);
        return found;
      },
      signal,
    );
  }

  async put(key: string, payload: Payload, options: PutOptions): Promise<string> {
    const headers = { [digestHeader]: options.digest };
    for (let attempt = 1; attempt <= 4; attempt++) {
      const { etag, plain } = await this.#client.text(
        { method: 'PUT', key, payload, headers },
        (_, answer) => ({ etag: etagOf(answer), plain: isPlain(answer) }),
        options.signal,
      );
      const suspect = plain && payload.md5 !== undefined && isMd5ETag(etag) && etag !== payload.md5;
      if (!suspect || (await this.#holds(key, etag, payload, options.signal))) return etag;
    }
    return await this.#takeBack(key, options.signal);
  }

  /** Reads an object back. Some servers encrypt without a word, and their ETags look like MD5 and are none. */
  async #holds(key: string, etag: string, { sha256 }: Payload, signal: AbortSignal): Promise<boolean> {
    const stored = createHash('sha256');
    await this.get(key, { ifMatch: etag, write: (chunk) => void stored.update(chunk), signal });
    return stored.digest('hex') === sha256;
  }

  async delete(keys: readonly string[], signal: AbortSignal): Promise<readonly DeleteFailure[]> {
    const failures: DeleteFailure[] = [];
    for (const batch of chunk(keys.filter(fitsXml), 1000))
      failures.push(...(await this.#deleteBatch(batch, signal)));
    for (const key of keys) {
      if (fitsXml(key)) continue;
      try {
        await this.#client.text({ method: 'DELETE', key }, () => undefined, signal);
      } catch (error) {
        if (!(error instanceof StoreError) || error.fatal) throw error;
        if (error.kind !== 'missing') failures.push({ key, why: error.message });
      }
    }
    return failures;
  }

  async #deleteBatch(keys: readonly string[], signal: AbortSignal): Promise<DeleteFailure[]> {
    const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('');
    const text = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects}</Delete>`;
    const payload = textPayload(text);
    const answer = await this.#client.xml(
      { method: 'POST', query: { delete: '' }, payload },
      'DeleteResult',
      signal,
    );
    const gone = new Set(childrenNamed(answer, 'Deleted').map((each) => childText(each, 'Key')));
    const failures = new Map<string | undefined, string>();
    for (const error of childrenNamed(answer, 'Error')) {
      const code = childText(error, 'Code');
      const key = childText(error, 'Key');
      if (code === 'NoSuchKey') gone.add(key);
      else failures.set(key, [code, childText(error, 'Message')].filter(Boolean).join(': '));
    }
    // Only what the server says is gone counts as gone; of the others it is asked whether they are there.
    const left: DeleteFailure[] = [];
    for (const key of keys) {
      const why = failures.get(key);
      if (why !== undefined) left.push({ key, why });
      else if (!gone.has(key) && (await this.head(key, signal)) !== undefined)
        left.push({ key, why: [...failures.values()][0] ?? 'the server does not say why' });
    }
    return left;
  }

  async startParts(key: string, options: PartsOptions): Promise<PartUpload> {
    return await this.#parts.start(key, options);
  }

  async putPart(upload: PartUpload, number: number, payload: Payload, signal: AbortSignal): Promise<string> {
    return await this.#parts.put(upload, number, payload, signal);
  }

  async finishParts(upload: PartUpload, etags: readonly string[], signal: AbortSignal): Promise<string> {
    const etag = await this.#parts.finish(upload, etags, signal);
    const digest = this.#parts.unprovenDigest(upload);
    if (digest === undefined || (await this.#hasDigest(upload.key, etag, digest, signal))) return etag;
    return await this.#takeBack(upload.key, signal);
  }

  /** What arrived damaged does not stay: by the digest beside it, it would be taken for the file. */
  async #takeBack(key: string, signal: AbortSignal): Promise<never> {
    await this.delete([key], signal);
    throw new StoreError('broken', 'S3_NOT_VERIFIED', `"${key}" is not stored as it was sent`);
  }

  /** Reads an object back whose parts nothing has proven. */
  async #hasDigest(key: string, etag: string, digest: DigestText, signal: AbortSignal): Promise<boolean> {
    const scheme = parseDigestScheme(digest);
    if (scheme === undefined) return false;
    const stored = new StreamDigest(scheme);
    await this.get(key, { ifMatch: etag, write: (chunk) => stored.update(chunk), signal });
    return stored.digest() === digest;
  }

  async abortParts(upload: PartUpload, signal: AbortSignal): Promise<void> {
    await this.#parts.abort(upload, signal);
  }

  async newestPart(upload: PartUpload, signal: AbortSignal): Promise<string | undefined> {
    return await this.#parts.newestPart(upload, signal);
  }

  async listParts(prefix: string, signal: AbortSignal): Promise<readonly PendingUpload[]> {
    return await this.#parts.list(prefix, signal);
  }

  async partSize(key: string, etag: string, signal: AbortSignal): Promise<number | undefined> {
    const request = {
      method: 'HEAD',
      key,
      query: { partNumber: '1' },
      headers: { 'if-match': `"${etag}"` },
    } as const;
    try {
      return await this.#client.text(
        request,
        (_, answer) => {
          const whole =
            answer.status === 206
              ? Number(/\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1])
              : Number.NaN;
          const size = Number(answer.headers['content-length']);
          return size > 0 && size < whole ? size : undefined;
        },
        signal,
      );
    } catch (error) {
      if (error instanceof StoreError && !error.fatal) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#client.close();
  }
}

/** Whatever the caller's `write` throws is no trouble of the network. */
function callWrite(write: GetOptions['write'], piece: Uint8Array): Promise<void> | undefined {
  try {
    const written = write(piece);
    return written?.catch((error: unknown) => {
      throw new CallerFailed(error);
    });
  } catch (error) {
    throw new CallerFailed(error);
  }
}

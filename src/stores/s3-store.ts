import { hash } from 'node:crypto';
import chunk from 'lodash/chunk.js';
import { digestHeader, isMd5ETag, parseDigestScheme } from './digest.ts';
import type {
  DeleteFailure,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  PartUpload,
  Payload,
  PendingUpload,
  PutOptions,
} from './object-store.ts';
import { type S3Client, Unusable } from './s3-client.ts';
import { type Answer, CallerFailed } from './s3-connection.ts';
import { explainRefusal, parseRefusal } from './s3-errors.ts';
import { listObjects, listPendingUploads } from './s3-listing.ts';
import { childrenNamed, childText, escapeXml, fitsXml, parseXml } from './s3-xml.ts';
import { StoreError } from './store-error.ts';

/** A bucket of an S3 server, over our own signed requests. What each operation means is here; how it is sent, in `S3Client`. */
export class S3Store implements ObjectStore {
  readonly name: string;
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
    this.name = `bucket "${client.settings.bucket}" at ${client.settings.endpoint.origin}`;
  }

  list(options: ListOptions): AsyncIterable<ListPage> {
    return listObjects(this.#client, options);
  }

  async head(key: string, signal: AbortSignal): Promise<ObjectInfo | undefined> {
    try {
      return await this.#client.text({ method: 'HEAD', key }, (_, answer) => detailsOf(key, answer), signal);
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
        const found = detailsOf(key, answer);
        if (etag !== undefined && found.etag !== etag)
          throw new Unusable('another version than was asked for');
        const end = options.range?.end ?? found.size;
        let position = answer.status === 206 ? rangeStart(answer) : 0;
        if (position > at || end > found.size) throw new Unusable('another range than was asked for');
        if (details === undefined) options.onDetails?.(found);
        details = found;
        etag = found.etag;
        const before = at;
        try {
          for await (const chunk of answer.body as AsyncIterable<Buffer>) {
            // A server may ignore the range and send all: what comes before it is passed over.
            const piece = chunk.subarray(Math.max(0, at - position), Math.max(0, end - position));
            position += chunk.length;
            if (piece.length === 0) continue;
            const written = callWrite(options.write, piece);
            if (written !== undefined) await written;
            at += piece.length;
          }
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
    const etag = await this.#client.text(
      { method: 'PUT', key, payload, headers },
      (_, answer) => etagOf(answer),
      options.signal,
    );
    // Encrypted objects have ETags that look like MD5 and are none, so a difference alone proves nothing.
    if (payload.md5 !== undefined && isMd5ETag(etag) && etag !== payload.md5) {
      const stored = await this.head(key, options.signal);
      if (stored?.size !== payload.size || stored.digest !== options.digest)
        throw new StoreError('broken', 'S3_NOT_VERIFIED', `"${key}" is not stored as it was sent`);
    }
    return etag;
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
    const text = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`;
    const payload = textPayload(text);
    const answer = await this.#client.xml(
      { method: 'POST', query: { delete: '' }, payload },
      'DeleteResult',
      signal,
    );
    return childrenNamed(answer, 'Error')
      .map((error) => ({
        key: childText(error, 'Key') ?? '',
        why: [childText(error, 'Code'), childText(error, 'Message')].filter(Boolean).join(': '),
        code: childText(error, 'Code'),
      }))
      .filter((failure) => failure.code !== 'NoSuchKey')
      .map(({ key, why }) => ({ key, why }));
  }

  async startParts(key: string, options: PutOptions): Promise<PartUpload> {
    const headers = { [digestHeader]: options.digest };
    const request = { method: 'POST', key, query: { uploads: '' }, headers } as const;
    const answer = await this.#client.xml(request, 'InitiateMultipartUploadResult', options.signal);
    const id = childText(answer, 'UploadId') ?? '';
    if (id === '')
      throw new StoreError('broken', 'S3_BROKEN_ANSWER', `the server gave no upload id for "${key}"`);
    return { key, id };
  }

  async putPart(upload: PartUpload, number: number, payload: Payload, signal: AbortSignal): Promise<string> {
    const query = { partNumber: String(number), uploadId: upload.id };
    return await this.#client.text(
      { method: 'PUT', key: upload.key, query, payload },
      (_, answer) => etagOf(answer),
      signal,
    );
  }

  async finishParts(upload: PartUpload, etags: readonly string[], signal: AbortSignal): Promise<string> {
    const parts = etags.map(
      (etag, index) =>
        `<Part><PartNumber>${index + 1}</PartNumber><ETag>&#34;${escapeXml(etag)}&#34;</ETag></Part>`,
    );
    const text = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`;
    const request = {
      method: 'POST',
      key: upload.key,
      query: { uploadId: upload.id },
      payload: textPayload(text),
    } as const;
    const root = 'CompleteMultipartUploadResult';
    try {
      const answer = await this.#client.text(
        request,
        (body, { headers }) => {
          const element = parseXml(body);
          // The status line was sent before the parts were put together, so a 200 may hold a refusal.
          if (element.name === 'Error') {
            const refusal = parseRefusal(400, body, headers);
            if (/^(InternalError|SlowDown|ServiceUnavailable)$/.test(refusal.code))
              throw new Unusable(refusal.code);
            throw explainRefusal(refusal, { method: 'POST', key: upload.key }, this.#client.settings);
          }
          if (element.name !== root) throw new Unusable(`<${element.name}> where <${root}> was expected`);
          return element;
        },
        signal,
      );
      // Ceph RGW 16 leaves the ETag of this answer empty.
      const etag = unquote(childText(answer, 'ETag') ?? '');
      return etag !== '' ? etag : ((await this.head(upload.key, signal))?.etag ?? '');
    } catch (error) {
      // The answer to an attempt that went through may have been lost: the upload is gone, and the object there.
      if (!(error instanceof StoreError) || error.kind !== 'missing') throw error;
      const stored = await this.head(upload.key, signal);
      if (stored === undefined || stored.etag !== multipartETag(etags)) throw error;
      return stored.etag;
    }
  }

  async abortParts(upload: PartUpload, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.text(
        { method: 'DELETE', key: upload.key, query: { uploadId: upload.id } },
        () => undefined,
        signal,
      );
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'missing') throw error;
    }
  }

  async listParts(prefix: string, signal: AbortSignal): Promise<readonly PendingUpload[]> {
    return await listPendingUploads(this.#client, prefix, signal);
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

function detailsOf(key: string, answer: Answer): ObjectInfo {
  const { headers } = answer;
  const size = Number(
    answer.status === 206 ? /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] : headers['content-length'],
  );
  if (!Number.isSafeInteger(size)) throw new Unusable('the answer does not say how long the object is');
  const etag = etagOf(answer);
  const stored = headers[digestHeader];
  const encrypted =
    headers['x-amz-server-side-encryption-customer-algorithm'] ?? headers['x-amz-server-side-encryption'];
  const plain = encrypted === undefined || encrypted === 'AES256';
  const digest =
    typeof stored === 'string' && parseDigestScheme(stored) !== undefined
      ? stored
      : isMd5ETag(etag) && plain
        ? `md5:${etag}`
        : undefined;
  const modified = new Date(headers['last-modified'] ?? 0).toISOString();
  return { key, size, etag, modified, ...(digest !== undefined && { digest }) };
}

function etagOf(answer: Answer): string {
  const etag = unquote(answer.headers.etag ?? '');
  if (etag === '') throw new Unusable('the answer has no ETag');
  return etag;
}

function unquote(etag: string): string {
  return etag.replace(/^(W\/)?"(.*)"$/, '$2');
}

function rangeStart(answer: Answer): number {
  const match = /^bytes (\d+)-\d+\/\d+$/.exec(answer.headers['content-range'] ?? '');
  if (match === null) throw new Unusable('a part without Content-Range');
  return Number(match[1]);
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

function textPayload(text: string): Payload {
  const bytes = Buffer.from(text);
  return { size: bytes.length, sha256: hash('sha256', bytes), md5: hash('md5', bytes), open: () => [bytes] };
}

function multipartETag(etags: readonly string[]): string {
  return `${hash('md5', Buffer.from(etags.join(''), 'hex'))}-${etags.length}`;
}

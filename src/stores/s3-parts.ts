import { createHash, hash } from 'node:crypto';
import { checkHeader, type DigestText, digestHeader, isMd5ETag } from './digest.ts';
import { FileChanged } from './file-digest.ts';
import type { ObjectInfo, PartsOptions, PartUpload, Payload, PendingUpload } from './object-store.ts';
import type { Trouble } from './retry.ts';
import { etagOf, isPlain, parseAnswer, readText, refuseError, Unusable, unquote } from './s3-answer.ts';
import type { S3Client } from './s3-client.ts';
import type { Answer } from './s3-connection.ts';
import { listPendingUploads } from './s3-listing.ts';
import { childrenNamed, childText, escapeXml, parseXml, type XmlElement } from './s3-xml.ts';
import { StoreError } from './store-error.ts';

/** By what it is seen that a part has arrived damaged: the server refuses it, its ETag differs, or nothing of it tells. */
type PartProof = 'signature' | 'etag' | 'none';

/** Uploads in parts. Each step may have gone through although its answer was lost, so it is looked up before it counts. */
export class S3Parts {
  readonly #client: S3Client;
  readonly #head: (key: string, signal: AbortSignal) => Promise<ObjectInfo | undefined>;
  /** What is stored beside the objects that were begun. */
  readonly #begun = new WeakMap<PartUpload, DigestText>();
  /** Whether the server refuses damaged bytes; `undefined`: not known yet. */
  #proof: PartProof | undefined;
  readonly #unproven = new WeakSet<PartUpload>();
  /** While it is not known: the question, which comes before any part. */
  readonly #asking = new WeakMap<PartUpload, Promise<void>>();

  constructor(client: S3Client, head: (key: string, signal: AbortSignal) => Promise<ObjectInfo | undefined>) {
    this.#client = client;
    this.#head = head;
  }

  async start(key: string, { digest, check, signal }: PartsOptions): Promise<PartUpload> {
    const headers = { [digestHeader]: digest, ...(check !== undefined && { [checkHeader]: check }) };
    let lost = false;
    const began = performance.now();
    const request = (before: Trouble | undefined) => {
      // A server that is busy says that it has begun nothing.
      if (before !== undefined && before.kind !== 'busy') lost = true;
      return { method: 'POST', key, query: { uploads: '' }, headers } as const;
    };
    const read = async (answer: Answer) => {
      const text = await readText(answer);
      const root = parseXml(text);
      refuseError(root, text);
      const id = childText(root, 'UploadId');
      if (id === undefined || id === '') throw new Unusable(`no upload id for "${key}"`);
      return id;
    };
    const upload = { key, id: await this.#client.perform(request, read, signal) };
    this.#begun.set(upload, digest);
    if (lost) await this.#abortTwins(upload, performance.now() - began, signal);
    return upload;
  }

  /**
   * What an attempt began whose answer was lost: nobody would ever end it. Swift and Garage name one initiator for all,
   * so that only what was begun just now and has no part yet counts for ours.
   */
  async #abortTwins(upload: PartUpload, elapsed: number, signal: AbortSignal): Promise<void> {
    const pending = await this.list(upload.key, signal);
    const own = pending.find(({ key, id }) => key === upload.key && id === upload.id);
    if (own === undefined || own.initiator === '') return;
    // Servers tell whole seconds.
    const oldest = Date.parse(own.initiated) - elapsed - 1000;
    for (const other of pending) {
      const twin = other.key === own.key && other.id !== own.id && other.initiator === own.initiator;
      if (!twin || Date.parse(other.initiated) < oldest) continue;
      const untouched = await this.newestPart(other, signal).then(
        (newest) => newest === undefined,
        () => false,
      );
      if (untouched) await this.abort(other, signal);
    }
  }

  /**
   * Finds out what would tell of a byte turned on the way: not every server, nor every proxy that signs anew, looks at
   * the digest that we sign, and not every ETag is an MD5, though it may look like one. Asked once a run, with one wrong
   * byte, which costs less than the MD5 of all that is sent. A server that takes it gets the true part 1 in its place,
   * so this comes before any part.
   */
  async #askForProof({ key, id }: PartUpload, signal: AbortSignal): Promise<void> {
    const query = { partNumber: '1', uploadId: id };
    const wrong = Buffer.from('?');
    const payload = { size: 1, sha256: hash('sha256', 'right'), open: () => [wrong] };
    const request = { method: 'PUT', key, query, payload } as const;
    const isMd5 = (answer: Answer) => isPlain(answer) && etagOf(answer) === hash('md5', wrong);
    const answer = await this.#client.sendDamaged(request, isMd5, signal);
    if (answer === undefined) return;
    // What is known stays known: an upload that was begun with it has not asked, and may have sent its part 1.
    this.#proof ??= answer === 'refused' ? 'signature' : answer ? 'etag' : 'none';
  }

  async newestPart({ key, id }: PartUpload, signal: AbortSignal): Promise<string | undefined> {
    let newest: string | undefined;
    let marker: string | undefined = '0';
    while (marker !== undefined) {
      const query = { uploadId: id, 'part-number-marker': marker };
      const root: XmlElement = await this.#client.xml(
        { method: 'GET', key, query },
        'ListPartsResult',
        signal,
      );
      for (const part of childrenNamed(root, 'Part')) {
        const put = new Date(childText(part, 'LastModified') ?? Date.now()).toISOString();
        if (newest === undefined || put > newest) newest = put;
      }
      const next: string | undefined = childText(root, 'NextPartNumberMarker');
      marker = childText(root, 'IsTruncated') === 'true' && Number(next) > Number(marker) ? next : undefined;
    }
    return newest;
  }

  async put(upload: PartUpload, number: number, payload: Payload, signal: AbortSignal): Promise<string> {
    const query = { partNumber: String(number), uploadId: upload.id };
    if (this.#proof === undefined) {
      const asking = this.#asking.get(upload) ?? this.#askForProof(upload, signal);
      this.#asking.set(upload, asking);
      await asking;
    }
    if (this.#proof === undefined || this.#proof === 'none') this.#unproven.add(upload);
    const sent = this.#proof === 'etag' ? new WatchedPayload(payload) : undefined;
    return await this.#client.text(
      { method: 'PUT', key: upload.key, query, payload: sent ?? payload },
      (_, answer) => {
        const etag = etagOf(answer);
        if (sent !== undefined && isPlain(answer) && isMd5ETag(etag) && etag !== sent.md5Sent)
          throw new Unusable(`part ${number} arrived damaged`);
        return etag;
      },
      signal,
    );
  }

  /** The digest to compare with what is stored, where nothing else has told that its parts are what was sent. */
  unprovenDigest(upload: PartUpload): DigestText | undefined {
    return this.#unproven.has(upload) ? this.#begun.get(upload) : undefined;
  }

  async finish(upload: PartUpload, etags: readonly string[], signal: AbortSignal): Promise<string> {
    const { key } = upload;
    const parts = etags.map(
      (etag, index) =>
        `<Part><PartNumber>${index + 1}</PartNumber><ETag>&#34;${escapeXml(etag)}&#34;</ETag></Part>`,
    );
    const text = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`;
    const request = {
      method: 'POST',
      key,
      query: { uploadId: upload.id },
      payload: textPayload(text),
    } as const;
    const read = (body: string) => {
      // The status line was sent before the parts were put together, so a 200 may hold a refusal.
      const root = parseXml(body);
      // What moto calls it, which no SDK looks at.
      if (root.name === 'CompleteMultipartUploadResponse') return root;
      return parseAnswer(body, 'CompleteMultipartUploadResult');
    };
    try {
      // Ceph RGW 16 leaves the ETag of this answer empty.
      const etag = unquote(childText(await this.#client.text(request, read, signal), 'ETag') ?? '');
      return etag !== '' ? etag : ((await this.#head(key, signal))?.etag ?? '');
    } catch (error) {
      // The answer to an attempt that went through may have been lost: the upload is gone, and the object there.
      if (!(error instanceof StoreError) || error.kind !== 'missing') throw error;
      const stored = await this.#head(key, signal);
      // Not every server's ETag is the MD5 of MD5s; the same content is the same, whoever put it there.
      const isOurs =
        stored?.etag === multipartETag(etags) ||
        (stored?.digest !== undefined && stored.digest === this.#begun.get(upload));
      if (stored === undefined || !isOurs) throw error;
      return stored.etag;
    }
  }

  async abort(upload: PartUpload, signal: AbortSignal): Promise<void> {
    const request = { method: 'DELETE', key: upload.key, query: { uploadId: upload.id } } as const;
    try {
      await this.#client.text(request, () => undefined, signal);
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'missing') throw error;
    }
  }

  /** Not every server can tell, nor lets everybody know; cleaning up is no reason to fail. */
  async list(prefix: string, signal: AbortSignal): Promise<readonly PendingUpload[]> {
    try {
      return await listPendingUploads(this.#client, prefix, signal);
    } catch (error) {
      if (error instanceof StoreError && error.kind !== 'unreachable') return [];
      throw error;
    }
  }
}

/** Looks at the bytes as they leave: whether they are still those that were announced, and what their ETag must be. */
class WatchedPayload implements Payload {
  readonly size: number;
  readonly sha256: string;
  md5Sent = '';
  readonly #payload: Payload;

  constructor(payload: Payload) {
    this.size = payload.size;
    this.sha256 = payload.sha256;
    this.#payload = payload;
  }

  async *open(): AsyncGenerator<Uint8Array> {
    const sha256 = createHash('sha256');
    const md5 = createHash('md5');
    let sent = 0;
    for await (const piece of this.#payload.open()) {
      sha256.update(piece);
      md5.update(piece);
      sent += piece.length;
      if (sent >= this.size) {
        if (sha256.digest('hex') !== this.sha256) throw new FileChanged();
        this.md5Sent = md5.digest('hex');
      }
      yield piece;
    }
  }
}

export function textPayload(text: string): Payload {
  const bytes = Buffer.from(text);
  return { size: bytes.length, sha256: hash('sha256', bytes), md5: hash('md5', bytes), open: () => [bytes] };
}

function multipartETag(etags: readonly string[]): string {
  return `${hash('md5', Buffer.from(etags.join(''), 'hex'))}-${etags.length}`;
}

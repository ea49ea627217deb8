import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** One request as it is signed. Names and values of the query are not yet encoded. */
export interface SignableRequest {
  readonly method: string;
  /** Encoded, see {@link encodePath}. */
  readonly path: string;
  /** Encoded and sorted, see {@link encodeQuery}. */
  readonly query: string;
  /** Lower-case names; all are signed. `host` is among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, hex. */
  readonly payloadHash: string;
}

export const emptyHash = hash('sha256', '');

/**
 * AWS Signature Version 4 for the service `s3`. The key that a day's signatures share is derived once a day, which
 * is four of the five HMACs of a request.
 */
export class Signer {
  #credentials: Credentials;
  readonly #region: string;
  #day = '';
  #second = -1;
  #time = '';
  #key: KeyObject | undefined;

  constructor(credentials: Credentials, region: string) {
    this.#credentials = credentials;
    this.#region = region;
  }

  /** Signs with these from now on; those of roles and single sign-on hold for an hour. */
  use(credentials: Credentials): void {
    if (credentials.secretAccessKey !== this.#credentials.secretAccessKey) this.#key = undefined;
    this.#credentials = credentials;
  }

  /** The headers to add to the request's own: what was signed about time, payload and token, and the signature. */
  sign(request: SignableRequest, milliseconds: number): Record<string, string> {
    const time = this.#timeOf(milliseconds);
    const day = time.slice(0, 8);
    const added: Record<string, string> = {
      'x-amz-content-sha256': request.payloadHash,
      'x-amz-date': time,
    };
    if (this.#credentials.sessionToken !== undefined)
      added['x-amz-security-token'] = this.#credentials.sessionToken;

    const headers: Record<string, string> = { ...request.headers, ...added };
    const names = Object.keys(headers).sort();
    const signedHeaders = names.join(';');
    const lines = names.map((name) => `${name}:${canonicalValue(headers[name] ?? '')}\n`);
    const canonical = `${request.method}\n${request.path}\n${request.query}\n${lines.join('')}\n${signedHeaders}\n${request.payloadHash}`;
    const scope = `${day}/${this.#region}/s3/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = createHmac('sha256', this.#keyOf(day)).update(text).digest('hex');
    added['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${this.#credentials.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
    return added;
  }

  /** Seconds as the signature writes them; hundreds of requests share one. */
  #timeOf(milliseconds: number): string {
    const second = Math.floor(milliseconds / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#time = new Date(second * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    }
    return this.#time;
  }

  #keyOf(day: string): KeyObject {
    if (this.#key === undefined || day !== this.#day) {
      const chain = [day, this.#region, 's3', 'aws4_request'];
      const start = Buffer.from(`AWS4${this.#credentials.secretAccessKey}`);
      this.#key = createSecretKey(
        chain.reduce((key, text) => createHmac('sha256', key).update(text).digest(), start),
      );
      this.#day = day;
    }
    return this.#key;
  }
}

function canonicalValue(value: string): string {
  return value.includes('  ') || value !== value.trim() ? value.trim().replaceAll(/ +/g, ' ') : value;
}

/** Percent-encoding by the rules of the signature: all but letters, digits and `-_.~`. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A path with its slashes kept. */
export function encodePath(path: string): string {
  return /^[\w.~/-]*$/.test(path) ? path : path.split('/').map(encodeStrictly).join('/');
}

/** `name=value` pairs in the order that the signature wants. */
export function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
    .sort()
    .join('&');
}

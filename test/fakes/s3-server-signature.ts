import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What an S3 server answers a request that it does not let in. */
export class Rejected extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * Checks a Signature Version 4 from what came over the wire, written from AWS's description of it and sharing no code
 * with the signer under test. Returns the payload hash that was signed, `undefined` for an unsigned request.
 */
export function verifySignature(
  request: IncomingMessage,
  secrets: ReadonlyMap<string, string>,
  now: number,
): string | undefined {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (match === null) throw new Rejected(400, 'AuthorizationHeaderMalformed');
  const [, id = '', day = '', region = '', signedNames = '', signature = ''] = match;
  if (region !== 'us-east-1') throw new Rejected(400, 'AuthorizationHeaderMalformed', 'another region');
  const secret = secrets.get(id);
  if (secret === undefined) throw new Rejected(403, 'InvalidAccessKeyId');

  const date = String(request.headers['x-amz-date']);
  const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (time === null || !date.startsWith(day)) throw new Rejected(403, 'AccessDenied', 'bad x-amz-date');
  const [year, month, dayOfMonth, hour, minute, second] = time.slice(1).map(Number);
  const signedAt = Date.UTC(year ?? 0, (month ?? 1) - 1, dayOfMonth, hour, minute, second);
  if (Math.abs(signedAt - now) > 15 * 60_000) throw new Rejected(403, 'RequestTimeTooSkewed');

  const names = signedNames.split(';');
  for (const name of Object.keys(request.headers))
    if ((name.startsWith('x-amz-') || name === 'host') && !names.includes(name))
      throw new Rejected(403, 'AccessDenied', `${name} is not signed`);
  const payloadHash = String(request.headers['x-amz-content-sha256']);
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  // By the letter of the rule: from what the address means, not from how it was written.
  const sortedQuery = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', value = ''] = pair.split('=', 2);
      return `${encoded(decodeURIComponent(name))}=${encoded(decodeURIComponent(value))}`;
    })
    .sort((left, right) => (left < right ? -1 : 1))
    .join('&');
  const canonical = [
    request.method,
    path.split('/').map(decodeURIComponent).map(encoded).join('/'),
    sortedQuery,
    ...names.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
    '',
    signedNames,
    payloadHash,
  ].join('\n');
  const text = [
    'AWS4-HMAC-SHA256',
    date,
    `${day}/${region}/s3/aws4_request`,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const mac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const key = mac(mac(mac(mac(`AWS4${secret}`, day), region), 's3'), 'aws4_request');
  if (!timingSafeEqual(mac(key, text), Buffer.from(signature, 'hex')))
    throw new Rejected(403, 'SignatureDoesNotMatch');
  return payloadHash;
}

/** Every byte but letters, digits and `-._~`, with capitals in the hexadecimal digits. */
function encoded(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

// X.509 certificates for loopback servers, made on the spot: no key in the repository, nothing that expires,
// no openssl. Only what TLS 1.3 clients check: names, validity, basic constraints, signature.

export interface CertificateAuthority {
  /** PEM */
  readonly cert: string;
  issue(subject: { commonName: string; organization?: string; names?: readonly string[] }): {
    readonly cert: string;
    readonly key: string;
  };
}

/** A new authority with its own P-256 key. */
export function createAuthority(commonName = 'test authority'): CertificateAuthority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = distinguishedName({ commonName });
  const ownSpki = own.publicKey.export({ type: 'spki', format: 'der' });
  const certify = (subject: Buffer, spki: Buffer, extensions: readonly Buffer[]): string => {
    const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
    const body = sequence(
      tagged(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([0x4a]), randomBytes(15)])),
      algorithm,
      name,
      sequence(time(Date.now() - 86_400_000), time(Date.now() + 3_650 * 86_400_000)),
      subject,
      spki,
      tagged(0xa3, sequence(...extensions)),
    );
    const signature = sign('sha256', body, own.privateKey);
    return pem('CERTIFICATE', sequence(body, algorithm, tagged(0x03, Buffer.from([0]), signature)));
  };
  const isAuthority = (value: boolean): Buffer =>
    sequence(
      oid('2.5.29.19'),
      tagged(0x01, Buffer.from([0xff])),
      tagged(0x04, value ? sequence(tagged(0x01, Buffer.from([0xff]))) : sequence()),
    );
  return {
    cert: certify(name, ownSpki, [isAuthority(true)]),
    issue(subject) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = (subject.names ?? []).map((each) =>
        /^[\d.]+$/.test(each)
          ? tagged(0x87, Buffer.from(each.split('.').map(Number)))
          : tagged(0x82, Buffer.from(each)),
      );
      const alternative =
        names.length === 0 ? [] : [sequence(oid('2.5.29.17'), tagged(0x04, sequence(...names)))];
      const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
      return {
        cert: certify(distinguishedName(subject), spki, [isAuthority(false), ...alternative]),
        key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

function distinguishedName(subject: { commonName: string; organization?: string }): Buffer {
  const part = (type: string, value: string): Buffer =>
    tagged(0x31, sequence(oid(type), tagged(0x0c, Buffer.from(value))));
  return sequence(
    ...(subject.organization === undefined ? [] : [part('2.5.4.10', subject.organization)]),
    part('2.5.4.3', subject.commonName),
  );
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const size = body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function integer(value: Buffer): Buffer {
  return tagged(0x02, value);
}

function time(milliseconds: number): Buffer {
  return tagged(
    0x17,
    Buffer.from(
      `${new Date(milliseconds)
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2)}`,
    ),
  );
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const each of rest) {
    const digits = [each & 127];
    for (let left = each >> 7; left > 0; left >>= 7) digits.unshift((left & 127) | 128);
    bytes.push(...digits);
  }
  return tagged(0x06, Buffer.from(bytes));
}

function pem(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
}

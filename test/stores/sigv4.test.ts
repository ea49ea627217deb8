import { expect, it } from 'vitest';
import { emptyHash, encodePath, encodeQuery, Signer } from '../../src/stores/sigv4.ts';

// The examples of AWS's "Authenticating Requests (AWS Signature Version 4)" for S3.
const signer = new Signer(
  { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  'us-east-1',
);
const host = 'examplebucket.s3.amazonaws.com';
const time = Date.UTC(2013, 4, 24);

it.each([
  [
    'GET',
    '/test.txt',
    {},
    { range: 'bytes=0-9' },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  ['GET', '/', { lifecycle: '' }, {}, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  [
    'GET',
    '/',
    { 'max-keys': '2', prefix: 'J' },
    {},
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('signs %s %s %j as AWS does', (method, path, query, headers, signature) => {
  const request = {
    method,
    path,
    query: encodeQuery(query),
    headers: { host, ...headers },
    payloadHash: emptyHash,
  };
  expect(signer.sign(request, time)['authorization']).toMatch(new RegExp(`Signature=${signature}$`));
});

it('signs with another key the next day', () => {
  const request = { method: 'GET', path: '/', query: '', headers: { host }, payloadHash: emptyHash };
  const [today, tomorrow] = [signer.sign(request, time), signer.sign(request, time + 86_400_000)];
  expect(tomorrow['x-amz-date']).toBe('20130525T000000Z');
  expect(tomorrow['authorization']).not.toBe(today['authorization']);
});

it('encodes all but what the signature leaves as it is', () => {
  expect(encodePath("a b/ü+!'()*~-_.")).toBe('a%20b/%C3%BC%2B%21%27%28%29%2A~-_.');
  expect(encodeQuery({ b: '1', 'a b': 'x=y&z' })).toBe('a%20b=x%3Dy%26z&b=1');
});

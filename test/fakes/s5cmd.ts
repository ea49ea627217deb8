// As much of s5cmd as our backend uses, for tests: `s5cmd [--endpoint-url URL] [--no-sign-request] run`, with `cp --raw
// [--metadata K=V] FROM TO` lines on standard input. What the variable FAKE_S5CMD_SPOILS names is copied damaged, and
// what FAKE_S5CMD_DROPS names not at all.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { digestHeader } from '../../src/stores/digest.ts';
import { payloadOf } from '../contract/object-store-contract.ts';
import { connect, never } from '../stores/fake-bucket.ts';

const argv = process.argv.slice(2);
if (argv[0] === 'version') process.exit(0);
const lines = readFileSync(0, 'utf8')
  .split('\n')
  .filter((line) => line !== '');
const endpoint = argv[argv.indexOf('--endpoint-url') + 1] ?? '';
const spoils = process.env['FAKE_S5CMD_SPOILS'] ?? '';
const drops = process.env['FAKE_S5CMD_DROPS'] ?? '';
appendFileSync(process.env['FAKE_S5CMD_LOG'] ?? '/dev/null', `${JSON.stringify({ argv, lines })}\n`);

for (const line of lines) {
  const words = [...line.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(([, quoted, bare]) =>
    (quoted ?? bare ?? '').replaceAll("'\\''", "'"),
  );
  const [to = '', from = ''] = words.toReversed();
  const metadata = words[words.indexOf('--metadata') + 1] ?? '';
  const object = (url: string) => /^s3:\/\/([^/]+)\/(.*)$/s.exec(url);
  const [, bucket = '', key = ''] = object(to) ?? object(from) ?? [];
  if (drops !== '' && key.includes(drops)) continue;
  const store = await connect({ ...process.env, S3_ENDPOINT_URL: endpoint, S3_BUCKET_NAME: bucket });
  const spoil = (bytes: Buffer) =>
    spoils !== '' && key.includes(spoils) ? Buffer.from(bytes).fill(0) : bytes;
  if (object(to) !== null) {
    const digest = metadata.replace(/^ktb-digest=/, '');
    if (`x-amz-meta-${metadata.split('=')[0]}` !== digestHeader) throw new Error('metadata of another name');
    await store.put(key, payloadOf(spoil(readFileSync(from))), { digest, signal: never });
  } else {
    const chunks: Uint8Array[] = [];
    await store.get(key, { signal: never, write: (chunk) => void chunks.push(chunk) });
    writeFileSync(to, spoil(Buffer.concat(chunks)), { flag: 'wx' });
  }
  store.close();
}

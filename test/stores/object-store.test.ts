import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../src/backends.ts';
import { FilesystemStore } from '../../src/stores/filesystem-store.ts';
import { readS3Settings } from '../../src/stores/s3-settings.ts';
import { describeObjectStore } from '../contract/object-store-contract.ts';
import { FakeS3Server } from '../fakes/s3-server.ts';

const noDotenv = { variables: new Map(), file: undefined };

async function open(env: Record<string, string | undefined>) {
  const settings = readS3Settings(env, noDotenv);
  if (!settings.ok) throw new Error(settings.diagnostics.map((each) => each.message).join('; '));
  return await openStore(settings.value, env);
}

describeObjectStore('a folder', async () => {
  const root = await mkdtemp(join(tmpdir(), 'ktb-store-'));
  return { store: new FilesystemStore(root), prefix: 'contract/', stop: () => rm(root, { recursive: true }) };
});

describeObjectStore('our S3 client', async () => {
  const server = new FakeS3Server();
  await server.start();
  return { store: await open(server.env), prefix: 'contract/', stop: () => server.stop() };
});

// Any server: TEST_S3_ENDPOINT=http://… with a bucket and credentials that may write below contract-…/ .
const endpoint = process.env['TEST_S3_ENDPOINT'];
if (endpoint !== undefined && endpoint !== '') {
  const prefix = `contract-${Date.now()}/`;
  const env = {
    S3_ENDPOINT_URL: endpoint,
    S3_BUCKET_NAME: process.env['TEST_S3_BUCKET'] ?? 'test',
    AWS_ACCESS_KEY_ID: process.env['TEST_S3_KEY'],
    AWS_SECRET_ACCESS_KEY: process.env['TEST_S3_SECRET'],
  };
  describeObjectStore(`our S3 client at ${endpoint}`, async () => ({
    store: await open(env),
    prefix,
    stop: async () => {},
  }));
}

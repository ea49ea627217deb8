import { openStore } from '../../src/backends.ts';
import type { ObjectStore } from '../../src/stores/object-store.ts';
import { readS3Settings } from '../../src/stores/s3-settings.ts';
import type { FakeS3Server } from '../fakes/s3-server.ts';

/** The bucket of a fake server, through the store that ships. */
export async function openFakeBucket(server: FakeS3Server): Promise<ObjectStore> {
  const settings = readS3Settings(server.env, { variables: new Map(), file: undefined });
  if (!settings.ok) throw new Error('the fake server has no settings');
  return await openStore(settings.value, server.env);
}

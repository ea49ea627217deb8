import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config/config.ts';
import type { ObjectStore } from './stores/object-store.ts';
import type { Clock } from './stores/retry.ts';
import type { S3Settings } from './stores/s3-settings.ts';
import { systemClock } from './stores/system-clock.ts';

// The only list of what trials run on and of what files are kept in: a name, and what loads it when it is used.

/** By the names that `backend` in the config files, and run records, give them. */
export const executors = {
  local: () => import('./executors/local.ts'),
  kubernetes: () => import('./executors/kubernetes/kubernetes-executor.ts'),
  runai: () => import('./executors/runai/runai-executor.ts'),
} satisfies Record<'local' | Config['project']['backend'], () => Promise<object>>;

type Environment = Readonly<Record<string, string | undefined>>;

const stores = {
  filesystem: async ({ endpoint, bucket }) => {
    const { FilesystemStore } = await import('./stores/filesystem-store.ts');
    return new FilesystemStore(join(fileURLToPath(endpoint), bucket));
  },
  s3: async (settings, env, clock, onWait) =>
    (await import('./stores/open-s3-store.ts')).openS3Store(settings, env, clock, onWait),
} satisfies Record<string, OpenStore>;

type OpenStore = (
  settings: S3Settings,
  env: Environment,
  clock: Clock,
  onWait?: (line: string) => void,
) => Promise<ObjectStore>;

/** Opens the store that the settings mean. `onWait` is told, in a sentence, where a server keeps us waiting. */
export function openStore(
  settings: S3Settings,
  env: Environment,
  clock: Clock = systemClock,
  onWait?: (line: string) => void,
): Promise<ObjectStore> {
  const kind = settings.endpoint.protocol === 'file:' ? 'filesystem' : 's3';
  const open: OpenStore = stores[kind];
  return open(settings, env, clock, onWait);
}

import { type PackCodes, readPackCodes } from '../../matrix/pack-codes.ts';
import { markerInterval, packMarker } from '../../matrix/pack-command.ts';
import { inOrder } from './in-order.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { type Job, type Pod, pathOf, pods } from './objects.ts';
import { packPodToAsk } from './packed-trials.ts';

/** More than this is not read of a pod's last minutes: a log that grows faster has a marker in it all the same. */
const maxBytes = 8 * 1024 * 1024;

/** Logs read at once. */
const concurrency = 8;

/** What the logs of packs that run say of trials that have ended already, by the pod's UID. */
export async function askPacks(
  api: NamespaceApi,
  jobs: readonly { readonly job: Job; readonly pods: readonly Pod[] }[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PackCodes>> {
  const running = jobs.map((each) => packPodToAsk(each.job, each.pods)).filter((pod) => pod !== undefined);
  const told = new Map<string, PackCodes>();
  await inOrder(
    running,
    concurrency,
    async (pod) => ({ uid: pod.metadata.uid, codes: await readMarker(api, pod, signal) }),
    ({ uid, codes }) => {
      if (codes !== undefined) told.set(uid, codes);
    },
  );
  return told;
}

async function readMarker(api: NamespaceApi, pod: Pod, signal: AbortSignal): Promise<PackCodes | undefined> {
  const query = new URLSearchParams({
    container: 'main',
    sinceSeconds: String(Math.ceil(2.5 * markerInterval)),
    limitBytes: String(maxBytes),
  });
  const { attemptTimeout: quiet } = api.client.policy;
  try {
    const path = `${pathOf(pods, api.namespace, pod.metadata.name)}/log?${query}`;
    let last: PackCodes | undefined;
    let line = '';
    const brief = AbortSignal.any([signal, AbortSignal.timeout(quiet)]);
    for await (const chunk of await api.client.stream({ path, accept: '*/*', quiet, signal: brief })) {
      const lines = (line + chunk.toString('latin1')).split('\n');
      // Of a line under way its beginning is enough.
      line = (lines.pop() ?? '').slice(0, 1000);
      const marker = lines.findLast((each) => each.startsWith(packMarker));
      last = readPackCodes(marker?.slice(packMarker.length)) ?? last;
    }
    return last;
  } catch {
    signal.throwIfAborted();
    // Ended meanwhile, on a node that does not answer, or not for this user to read: the trials run, for all we know.
    return undefined;
  }
}

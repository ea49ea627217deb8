import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { logPath } from '../../records/run-paths.ts';
import { isApiError } from './api-error.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { type Job, type Pod, pathOf, pods } from './objects.ts';

/** What is kept of a failed Job's output: enough for a traceback, little enough for a thousand of them. */
const harvestedLines = 500;
const harvestedBytes = 1024 * 1024;
/** Bytes read for that at most: a node sends the first ones of these lines, and a progress bar makes one of hours. */
const readBytes = 32 * harvestedBytes;

/**
 * Saves the last lines of a Job's output before the Job is deleted, as the log of an attempt.
 *
 * @returns the log's path relative to the project; there is no file where the pods are gone already
 */
export async function harvestLog(
  api: NamespaceApi,
  job: Job,
  jobPods: readonly Pod[],
  target: { readonly root: string; readonly attempt: number },
  signal: AbortSignal,
): Promise<string> {
  const path = logPath(job.metadata.name, target.attempt);
  const ended = [...jobPods].sort((a, b) =>
    a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp),
  );
  // The last to start is the attempt that counted; of several nodes, one that failed.
  const pod = ended.findLast((each) => each.status?.phase === 'Failed') ?? ended.at(-1);
  if (pod === undefined) return path;
  const text = await readTail(api, pod, signal);
  await mkdir(dirname(join(target.root, path)), { recursive: true });
  await writeFile(join(target.root, path), text);
  return path;
}

/** The last of what a pod has printed, or a sentence in its place; `times` as much where several trials share it. */
export async function readTail(api: NamespaceApi, pod: Pod, signal: AbortSignal, times = 1): Promise<Buffer> {
  const most = harvestedBytes * times;
  const container = pod.spec?.containers?.[0]?.name;
  const query = new URLSearchParams({
    tailLines: String(harvestedLines * times),
    limitBytes: String(readBytes * times),
  });
  if (container !== undefined) query.set('container', container);
  const path = `${pathOf(pods, api.namespace, pod.metadata.name)}/log?${query}`;
  const { attemptTimeout: quiet } = api.client.policy;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // In all, with what is asked again: the node may be gone with the log, and the trial is to run again all the same.
    const brief = AbortSignal.any([signal, AbortSignal.timeout(quiet)]);
    for await (const chunk of await api.client.stream({ path, accept: '*/*', quiet, signal: brief })) {
      chunks.push(chunk);
      size += chunk.length;
      for (; size - (chunks[0]?.length ?? 0) >= most; chunks.shift()) size -= chunks[0]?.length ?? 0;
    }
  } catch (error) {
    signal.throwIfAborted();
    const why = isApiError(error) ? error.message : 'the node does not answer';
    chunks.push(Buffer.from(`(the log could not be read${size > 0 ? ' to its end' : ''}: ${why})\n`));
  }
  return Buffer.concat(chunks).subarray(-most);
}

import { isApiError } from './api-error.ts';
import type { NamespaceApi } from './namespace-api.ts';
import { jobs } from './objects.ts';
import { describeOwner, isOurs, type Owner } from './owner.ts';

/** Names that are asked for: of more, most have not been launched yet, and no Job of another is in their way. */
const maxAsked = 16;

/**
 * Of trials without a Job of ours, those whose name a Job has that is not ours: no listing by our labels shows it, and
 * `make job` creates none beside it.
 *
 * @returns why, by name
 */
export async function findForeignJobs(
  api: NamespaceApi,
  owner: Owner,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (names.length > maxAsked) return found;
  const look = async (name: string): Promise<void> => {
    const job = await api.get(jobs, name, signal);
    if (job !== undefined && !isOurs(job, owner))
      found.set(name, `the name is taken by a Job that is not ours (${describeOwner(job)})`);
  };
  await Promise.all(
    names.map((name) =>
      look(name).catch((error) => {
        // Who may list may not be who may get; then it is only missing.
        if (!isApiError(error)) throw error;
      }),
    ),
  );
  return found;
}

import { isApiError } from '../../executors/kubernetes/api-error.ts';
import type { JobView } from '../../executors/kubernetes/job-state.ts';
import type { NamespaceApi } from '../../executors/kubernetes/namespace-api.ts';
import { type Event, events } from '../../executors/kubernetes/objects.ts';
import type { Phase } from '../../executors/kubernetes/phase.ts';

/** Phases that events tell from each other, or that they may have told wrongly by now. */
const eventful: ReadonlySet<Phase> = new Set(['waiting', 'starting', 'pulling', 'config error']);

export function isEventful({ phase }: JobView): boolean {
  return eventful.has(phase);
}

/** Events say what takes the time, oldest first; without the right to see them, less is said. */
export async function readEvents(api: NamespaceApi, signal: AbortSignal): Promise<readonly Event[]> {
  const kinds = ['Pod', 'Job'].map((kind) =>
    api.list(events, { fields: `involvedObject.kind=${kind}` }, signal).then(
      ({ items }) => items,
      (error) => {
        if (isApiError(error)) return [];
        throw error;
      },
    ),
  );
  return (await Promise.all(kinds)).flat().sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
}

/** When it happened last; one that is repeated is kept as one. */
function timeOf({ lastTimestamp, eventTime, metadata }: Event): string {
  return lastTimestamp ?? eventTime?.slice(0, 19).concat('Z') ?? metadata.creationTimestamp;
}

import type { Observation } from '../executors/executor.ts';

/** Names shown of a group before they are counted. */
const shownNames = 3;

/**
 * What keeps trials from running or has ended them, as lines: those of the same state and reason together, the
 * most first. For a newcomer who has never typed `kubectl describe`.
 */
export function formatTroubles(observations: readonly Observation[]): readonly string[] {
  const troubled = observations.filter(
    ({ state, reason }) => reason !== undefined && state !== 'succeeded' && state !== 'running',
  );
  const groups = Map.groupBy(troubled, ({ state, reason }) => `${state}: ${reason}`);
  return [...groups]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([why, members]) => {
      const names = members.slice(0, shownNames).map(({ name }) => name);
      const more = members.length > shownNames ? `, and ${members.length - shownNames} more` : '';
      const container = /of the container "([^"]+)"/.exec(why)?.[1];
      const words = container === undefined ? '' : `; make logs name=${names[0]} container=${container}`;
      return `${members.length} ${why} (${names.join(', ')}${more}${words})`;
    });
}

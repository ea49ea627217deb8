import type { Context } from '../../context.ts';
import type { Observation } from '../../executors/executor.ts';
import { trialToJson } from '../../report/json-report.ts';
import { formatCounts, formatStates, type TrialStatus } from '../../report/state-matrix.ts';
import { formatTroubles } from '../../report/troubles.ts';
import type { ClusterStatusOptions, Look } from './print-cluster-status.ts';

/** Names shown of what is not in the plan, before they are counted. */
const shownOthers = 3;

/** What one look says of the trials. */
export interface Found {
  /** The trials that are asked for. */
  readonly all: readonly TrialStatus[];
  /** Workloads of the project that are no trials of the plan: of files as they were before. */
  readonly others: readonly Observation[];
}

/** The lines of one look, one after the other. */
export function* formatLook(
  found: Found,
  look: Look,
  options: ClusterStatusOptions,
  context: Context,
): Generator<string> {
  if (options.json) {
    for (const { trial, observation, changed } of found.all) {
      const { state = 'missing', fingerprint, name: _, ...rest } = observation ?? {};
      yield JSON.stringify({
        type: 'status',
        ...(trial.model === '' ? { name: trial.name } : trialToJson(trial)),
        state,
        changed,
        ran: fingerprint?.hash,
        ...rest,
      });
    }
    return;
  }
  yield* formatStates(found.all, hasColor(context));
  yield* formatNotes(found, look, options);
}

export function hasColor({ stdout, env }: Context): boolean {
  return stdout.isTTY === true && !env['NO_COLOR'];
}

/** What is said below the table: the most important first. */
export function* formatNotes(
  { all, others }: Found,
  { interactive, holders = [] }: Look,
  options: ClusterStatusOptions,
): Generator<string> {
  yield formatCounts(all);
  const observed = all.map(({ observation }) => observation).filter((each) => each !== undefined);
  const troubles = formatTroubles(observed);
  if (troubles.length > 0) yield* ['', ...troubles];
  // One that is forgotten keeps its GPU.
  const listed = interactive.map(({ name, state }) => `${name} (${state})`);
  if (listed.length > 0) yield* ['', `interactive: ${listed.join(', ')}`];
  const isWaiting = all.some(({ observation }) => observation?.state === 'suspended');
  const holding = isWaiting ? others.filter(({ name }) => holders.includes(name)) : [];
  // Whoever asks for some trials does not ask for these, but where those wait for them.
  const isWhole = options.where === undefined && options.only === undefined;
  const told = isWhole ? others : holding;
  if (told.length > 0) yield* ['', formatOthers(told)];
  if (holding.length > 0)
    yield `trials wait for slots of max_parallel that ${holding.length} of these ${holding.length === 1 ? 'holds' : 'hold'}`;
}

function formatOthers(others: readonly Observation[]): string {
  const names = others.slice(0, shownOthers).map(({ name, state }) => `${name} (${state})`);
  const more = others.length > shownOthers ? `, and ${others.length - shownOthers} more` : '';
  return `not in the plan: ${names.join(', ')}${more}; make delete_job name=NAME removes one`;
}

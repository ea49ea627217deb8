import type { Context } from '../../context.ts';
import type { Observation } from '../../executors/executor.ts';
import { countsWithoutJob, executorName } from '../../executors/kubernetes/run-outcome.ts';
import { ExitCode } from '../../exit-code.ts';
import { changedParts } from '../../matrix/decide.ts';
import { keepsState, type Only } from '../../matrix/select.ts';
import type { Trial } from '../../matrix/trial.ts';
import { observeRecord } from '../../records/observe-record.ts';
import { DiskRecordStore } from '../../records/record-store.ts';
import type { RunRecord } from '../../records/run-record.ts';
import { fitScreen } from '../../report/fit-screen.ts';
import { formatStates, type TrialStatus } from '../../report/state-matrix.ts';
import { filterOf } from '../local/select-locally.ts';
import type { ProjectPlan } from '../project.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import { writeLines } from '../write-lines.ts';
import { type Found, formatLook, formatNotes, hasColor } from './format-look.ts';

export interface ClusterStatusOptions {
  readonly where: string | undefined;
  readonly only: Only | undefined;
  readonly watch: boolean;
  readonly json: boolean;
}

/** Workloads by their trial's name, as one look found them. */
export type Views = ReadonlyMap<string, View>;

interface View {
  readonly observation: Observation;
  /** A Job whose trials have views of their own. */
  readonly isPack?: boolean;
}

/** A pod of `make pod` or `make jupyter`, and how it is: `running`. */
export interface InteractivePod {
  readonly name: string;
  readonly state: string;
}

export interface Look {
  readonly views: Views;
  /** Milliseconds since 1970 by the clock of the cluster, where it has one. */
  readonly now?: number;
  readonly interactive: readonly InteractivePod[];
  /** Workloads that have the slots of `max_parallel` which others wait for. */
  readonly holders?: readonly string[];
}

/** What there is to look at: the Jobs of a cluster, or run:ai's listing. */
export interface Outlook {
  once(): Promise<Look>;
  /** Again after every change. */
  watch(): AsyncIterable<Look>;
  /** Why there is no workload of these, by name, where somebody else's is in the way. */
  explainMissing?(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/**
 * How the trials stand on the cluster; those without a workload, by their record.
 *
 * @param project `undefined` where its files have mistakes: then all workloads count as its trials
 */
export async function printClusterStatus(
  project: ProjectPlan | undefined,
  outlook: Outlook,
  options: ClusterStatusOptions,
  context: Context,
): Promise<ExitCode> {
  const records = new DiskRecordStore(context.cwd, (warning) =>
    reportDiagnostics([warning], context, options),
  );
  if (!options.watch) {
    const look = await outlook.once();
    const found = judgeLook(project, records, look, options, context);
    const all = await explainMissing(found.all, outlook);
    await writeLines(context, formatLook({ ...found, all }, look, options, context), (line) => line);
    return ExitCode.ok;
  }
  const { stdout } = context;
  const isScreen = stdout.isTTY === true && !options.json;
  let shown = '';
  for await (const look of outlook.watch()) {
    // Home, and clear what follows: a screen that is redrawn does not flicker as one that is cleared.
    if (isScreen) stdout.write('\x1b[H\x1b[J');
    const found = judgeLook(project, records, look, options, context);
    const { rows = 24, columns = 80 } = stdout;
    const lines = isScreen
      ? fitScreen([...formatStates(found.all, hasColor(context))], [...formatNotes(found, look, options)], {
          rows,
          columns,
        })
      : [...formatLook(found, look, options, context)];
    // Of the changes of an object, few are to be seen.
    const text = isScreen ? '' : lines.join('\n');
    if (isScreen || text !== shown) await writeLines(context, lines, (line) => line);
    shown = text;
    // A trial that was refused stays missing; before `make job`, all are, and there is something to wait for.
    const present = found.all.filter(({ observation }) => (observation?.state ?? 'missing') !== 'missing');
    if (present.length > 0 && present.every(({ observation }) => hasSettled(observation?.state)))
      return ExitCode.ok;
  }
  return ExitCode.ok;
}

function judgeLook(
  project: ProjectPlan | undefined,
  records: DiskRecordStore,
  look: Look,
  options: ClusterStatusOptions,
  context: Context,
): Found {
  const others = new Map([...look.views].filter(([, { isPack }]) => isPack !== true));
  const { only } = options;
  if (project === undefined) {
    const all = [...others.values()]
      .filter(({ observation: { state } }) => only === undefined || keepsState(only, state, []))
      .map(({ observation }) => ({ trial: unplanned(observation.name), observation, changed: [] }));
    return { all, others: [] };
  }
  const all: TrialStatus[] = [];
  const { views, now } = look;
  const keeps = filterOf(options.where, project.matrix);
  for (const spec of project.plan) {
    others.delete(spec.name);
    if (!keeps(spec.trial)) continue;
    const record = views.has(spec.name) ? undefined : records.readListed(spec.name);
    const observation =
      views.get(spec.name)?.observation ??
      (record === undefined ? undefined : observeWithoutJob(record, now ?? context.now()));
    // A local run has another command, and so another fingerprint; that is no change.
    const isLocal = record !== undefined && record.executor === 'local';
    // Which commit is checked out here now says nothing about how the trial stands.
    const parts = changedParts(spec.fingerprint, observation?.fingerprint).filter((part) => part !== 'code');
    const changed = isLocal ? [] : parts;
    if (only !== undefined && !keepsState(only, observation?.state ?? 'missing', changed)) continue;
    all.push({ trial: spec.trial, observation, changed });
  }
  return { all, others: [...others.values()].map(({ observation }) => observation) };
}

/** A trial of which no more than its name is known. */
function unplanned(name: string): Trial {
  return { index: 0, model: '', dataset: '', hparam: [], name };
}

async function explainMissing(
  all: readonly TrialStatus[],
  outlook: Outlook,
): Promise<readonly TrialStatus[]> {
  const missing = all
    .filter(({ observation }) => (observation?.state ?? 'missing') === 'missing')
    .map(({ trial }) => trial.name);
  const reasons = await outlook.explainMissing?.(missing);
  if (reasons === undefined || reasons.size === 0) return all;
  return all.map((status) => {
    const { name } = status.trial;
    const reason = reasons.get(name);
    return reason === undefined ? status : { ...status, observation: { name, state: 'missing', reason } };
  });
}

/** What `make job` takes for not found is missing here, too, and has not changed. */
function observeWithoutJob(record: RunRecord, now: number): Observation {
  const observed = observeRecord(record);
  if (observed.state === 'missing') return observed;
  const observation = { ...observed, reason: describePlace(record) };
  if (record.executor !== executorName || record.state !== 'succeeded' || countsWithoutJob(record, now))
    return observation;
  return {
    ...observation,
    state: 'missing',
    reason: 'it succeeded, and its Job was deleted: make job runs it again',
  };
}

/** What the record says of the end, and why it is asked. */
function describePlace({ executor, state, reason, exitCode }: RunRecord): string {
  const place = executor === 'local' ? 'ran on this machine' : 'its Job is gone, its record says so';
  const why = reason ?? (exitCode === undefined ? undefined : `exit code ${exitCode}`);
  return why === undefined || state === 'succeeded' ? place : `${why}; ${place}`;
}

function hasSettled(state: string | undefined): boolean {
  return state !== undefined && !['pending', 'running', 'suspended'].includes(state);
}

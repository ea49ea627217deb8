import { type Diagnostic, DiagnosticError } from '../../diagnostics/diagnostic.ts';
import type { Observation } from '../../executors/executor.ts';
import { ExitCode } from '../../exit-code.ts';
import { type Action, changedParts } from '../../matrix/decide.ts';
import { decideLocal } from '../../matrix/decide-local.ts';
import type { ExpandedMatrix } from '../../matrix/expanded-matrix.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import type { LaunchPlan } from '../../matrix/launch-plan.ts';
import { keepsState, type Only, parseWhere, type TrialFilter } from '../../matrix/select.ts';
import { observeRecord } from '../../records/observe-record.ts';
import type { DiskRecordStore } from '../../records/record-store.ts';

export interface LocalSelectionOptions {
  readonly where?: string | undefined;
  readonly only?: Only | undefined;
  readonly resume?: boolean;
}

/** One trial of the plan, how it stands, and what `make local` would do about it. */
export interface LocalDecision {
  readonly spec: JobSpec;
  /** `undefined` where it has never run. */
  readonly observation: Observation | undefined;
  readonly action: Action;
  /** Parts of the fingerprint that have changed since it ran, here or on a cluster. */
  readonly changed: readonly string[];
  /** It ran on a cluster, whose command, files and resources are others than those of this machine. */
  readonly ranElsewhere: boolean;
}

/** The filter that `where=` asks for. @throws DiagnosticError (exit 2) */
export function filterOf(where: string | undefined, matrix: ExpandedMatrix): TrialFilter {
  if (where === undefined) return () => true;
  const checked = parseWhere(where, matrix);
  if (!checked.ok) throw new DiagnosticError(checked.diagnostics, ExitCode.usage);
  return checked.value;
}

/** The trials of the plan that `where=` keeps, one after the other, as often as they are asked for. */
export function chosenBy(
  where: string | undefined,
  { plan, matrix }: { readonly plan: LaunchPlan; readonly matrix: ExpandedMatrix },
): Iterable<JobSpec> {
  const keeps = filterOf(where, matrix);
  return {
    *[Symbol.iterator]() {
      for (const spec of plan) if (keeps(spec.trial)) yield spec;
    },
  };
}

/**
 * Looks at the record of each trial that `where` and `only` keep, one after the other, as they are asked for.
 *
 * @param project with `remote`, a trial that ran on a cluster is compared with what would run there; without, it has
 *   not changed, as nothing of it has run here
 */
export function* decideLocally(
  project: {
    readonly plan: LaunchPlan;
    readonly matrix: ExpandedMatrix;
    readonly remote?: () => LaunchPlan | undefined;
  },
  records: DiskRecordStore,
  options: LocalSelectionOptions,
): Generator<LocalDecision> {
  const keeps = filterOf(options.where, project.matrix);
  for (const spec of project.plan) {
    if (!keeps(spec.trial)) continue;
    const record = records.readListed(spec.name);
    const observation = record === undefined ? undefined : observeRecord(record);
    const action = decideLocal(spec, observation, options.resume === true);
    const ranElsewhere = record !== undefined && record.executor !== 'local';
    const compared = ranElsewhere ? project.remote?.()?.at(spec.trial.index) : spec;
    const parts = compared === undefined ? [] : changedParts(compared.fingerprint, observation?.fingerprint);
    // Which commit is checked out here now says nothing about a run on a cluster.
    const changed = ranElsewhere ? parts.filter((part) => part !== 'code') : parts;
    const state = observation?.state ?? 'missing';
    if (options.only !== undefined && !keepsState(options.only, state, changed)) continue;
    yield { spec, observation, action, changed, ranElsewhere };
  }
}

/** What would be done about a trial and why, after `run: ` or `leave: `. */
export function explainDecision({ observation, action, changed, ranElsewhere }: LocalDecision): string {
  if (observation === undefined) return 'it has not run';
  const { state, reason } = observation;
  if (state === 'missing') return `on the cluster it was ${reason}`;
  if (state === 'running') return reason === undefined ? 'it runs' : `it runs: ${reason}`;
  if (ranElsewhere) {
    // It may have run here before: a record is of the last run.
    const since = changed.length === 0 ? '' : `, and has changed since (${changed.join(', ')})`;
    return `its last run was on the cluster, where it ${pastTense(state)}${since}`;
  }
  if (changed.length > 0) return `it has changed since it ${pastTense(state)}: ${changed.join(', ')}`;
  return action.kind === 'keep' ? `it ${pastTense(state)} and has not changed` : `it ${pastTense(state)}`;
}

function pastTense(state: Observation['state']): string {
  if (state === 'timeout') return 'timed out';
  return ['interrupted', 'lost'].includes(state) ? `was ${state}` : state;
}

/** Positions in the plan, since the specs of 100,000 trials are not to be kept. */
export interface LocalSelection {
  readonly run: readonly number[];
  readonly leave: readonly { readonly index: number; readonly why: string; readonly running: boolean }[];
}

/** What to run and what to leave. `first` keeps one trial to run. */
export function selectLocally(decisions: Iterable<LocalDecision>, first: boolean): LocalSelection {
  const run: number[] = [];
  const leave: { index: number; why: string; running: boolean }[] = [];
  for (const decision of decisions) {
    const { index } = decision.spec.trial;
    const running = decision.observation?.state === 'running';
    if (decision.action.kind === 'keep') leave.push({ index, why: explainDecision(decision), running });
    else run.push(index);
    if (first && run.length === 1) break;
  }
  return { run, leave };
}

/** The specs at these positions, made one by one. */
export function specsAt(plan: LaunchPlan, indices: readonly number[]): Iterable<JobSpec> {
  return {
    *[Symbol.iterator]() {
      for (const index of indices) yield plan.at(index);
    },
  };
}

/** Trials of a toolbox that was killed: those that still run, and those of which nobody knows the end. */
export function describeUnfinished(observation: Observation): Diagnostic | undefined {
  const { name, state, reason = '', startedAt = '' } = observation;
  if (state === 'lost') {
    return {
      code: 'LOCAL_LOST',
      severity: 'warning',
      message: `${name}, begun ${startedAt}, has no known end: ${reason}`,
      hint: `its output so far: make logs name=${name}`,
    };
  }
  if (state !== 'running') return undefined;
  return {
    code: 'LOCAL_STILL_RUNNING',
    severity: 'warning',
    message: `${name}, begun ${startedAt}, still runs (${reason}) and is left alone`,
    hint: `wait for it, or end it with: kill -TERM -- -${reason.replace(/\D/g, '')}`,
  };
}

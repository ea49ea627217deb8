import type { Action } from '../matrix/decide.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import type { TrialState } from '../records/run-record.ts';

/** Counts of a plan: trials by state, and how many would run. */
export class PlanTotals {
  readonly #states = new Map<TrialState, number>();
  #run = 0;
  #trials = 0;

  add(state: TrialState, action: Action): void {
    this.#trials++;
    this.#states.set(state, (this.#states.get(state) ?? 0) + 1);
    if (action.kind !== 'keep') this.#run++;
  }

  toJson(): {
    readonly trials: number;
    readonly run: number;
    readonly states: Readonly<Record<string, number>>;
  } {
    return { trials: this.#trials, run: this.#run, states: Object.fromEntries(this.#states) };
  }
}

/** One trial of a plan: its name, how it stands and what would be done; below it, its values and its command. */
export function formatDecision(spec: JobSpec, state: TrialState, action: Action, why: string): string {
  const { trial, name, command } = spec;
  const todo = action.kind === 'keep' ? 'leave' : 'run';
  const origin = trial.dataset === '' ? trial.model : `${trial.model} on ${trial.dataset}`;
  const values = trial.hparam.map(
    ({ key, text }) => `${key}=${/[\r\n]/.test(text) ? JSON.stringify(text) : text}`,
  );
  const lines = [[origin, ...values].join('  '), ...command.trim().split('\n')];
  return `${name}  [${state}] ${todo}: ${why}\n${lines.map((line) => `    ${line}`.trimEnd()).join('\n')}`;
}

/** `4 trials: 1 succeeded, 3 missing; make local would run 4`. */
export function formatPlanTotals(totals: PlanTotals): string {
  const { trials, run, states } = totals.toJson();
  const counts = Object.entries(states).map(([state, count]) => `${count} ${state}`);
  const what = trials === 1 ? '1 trial' : `${trials} trials`;
  return `${[what, ...(counts.length === 0 ? [] : [counts.join(', ')])].join(': ')}; would run ${run}\n`;
}

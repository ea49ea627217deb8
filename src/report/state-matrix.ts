import type { Observation } from '../executors/executor.ts';
import type { Trial } from '../matrix/trial.ts';
import { formatExit } from './format-exit.ts';
import { layOut } from './table.ts';

export interface TrialStatus {
  readonly trial: Trial;
  /** `undefined` where it has never run. */
  readonly observation: Observation | undefined;
  /** Parts of the fingerprint that have changed since it ran. */
  readonly changed: readonly string[];
}

/** How trials stand, as lines: models by datasets where nothing else varies, a list otherwise. */
export function formatStates(statuses: readonly TrialStatus[], color: boolean): Generator<string> {
  return layOut(asMatrix(statuses) ?? asList(statuses), { color, isState: stateWord });
}

/** Rows of a table of models by datasets, `undefined` where a cell would hold several trials. */
function asMatrix(statuses: readonly TrialStatus[]): string[][] | undefined {
  const cells = new Map<string, Map<string, string>>();
  const datasets = new Set<string>();
  for (const status of statuses) {
    const { model, dataset } = status.trial;
    const row = cells.get(model) ?? new Map<string, string>();
    if (row.has(dataset) || dataset === '') return undefined;
    cells.set(model, row.set(dataset, describe(status)));
    datasets.add(dataset);
  }
  if (cells.size === 0) return undefined;
  const columns = [...datasets];
  return [
    ['', ...columns],
    ...[...cells].map(([model, row]) => [model, ...columns.map((name) => row.get(name) ?? '')]),
  ];
}

function asList(statuses: readonly TrialStatus[]): string[][] {
  const rows = statuses.map((status) => {
    const { exitCode, signal, endedAt, startedAt, reason } = status.observation ?? {};
    const when = endedAt ?? startedAt;
    return [
      status.trial.name,
      describe(status),
      when === undefined ? '-' : when.replace(/\.\d+Z$/, 'Z'),
      formatExit({ exitCode, signal }),
      reason ?? '',
    ];
  });
  return rows.length === 0 ? [] : [['NAME', 'STATE', 'SINCE', 'EXIT', ''], ...rows];
}

function describe({ observation, changed }: TrialStatus): string {
  const state = observation?.state ?? 'missing';
  return changed.length === 0 ? state : `${state} (changed: ${changed.join(', ')})`;
}

function stateWord(cell: string): string | undefined {
  return /^[a-z]+(?= \(changed|$)/.exec(cell)?.[0];
}

/** How many there are of each state. */
export function formatCounts(statuses: readonly TrialStatus[]): string {
  const counts = new Map<string, number>();
  for (const { observation } of statuses) {
    const state = observation?.state ?? 'missing';
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const trials = statuses.length === 1 ? '1 trial' : `${statuses.length} trials`;
  const parts = [...counts].map(([state, count]) => `${count} ${state}`);
  return parts.length === 0 ? trials : `${trials}: ${parts.join(', ')}`;
}

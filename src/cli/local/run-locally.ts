import { executors } from '../../backends.ts';
import type { Context } from '../../context.ts';
import {
  type Diagnostic,
  DiagnosticError,
  errorDiagnostic,
  warningDiagnostic,
} from '../../diagnostics/diagnostic.ts';
import { findBash } from '../../executors/find-bash.ts';
import { checkData } from '../../executors/local-data.ts';
import { runSweep } from '../../executors/sweep.ts';
import { ExitCode } from '../../exit-code.ts';
import { observeRecord } from '../../records/observe-record.ts';
import { acquireProjectLock, type LockHolder } from '../../records/project-lock.ts';
import { DiskRecordStore } from '../../records/record-store.ts';
import { openPlan } from '../project.ts';
import { definedVariables, localEnvironments } from './local-environments.ts';
import { openReport } from './open-report.ts';
import {
  decideLocally,
  describeUnfinished,
  type LocalSelectionOptions,
  selectLocally,
  specsAt,
} from './select-locally.ts';
import { stopSignals } from './stop-signals.ts';

export interface RunLocallyOptions extends LocalSelectionOptions {
  readonly jobs: number;
  readonly failFast: boolean;
  readonly first: boolean;
  readonly json: boolean;
  /** What was typed, for whoever finds the project locked. */
  readonly typed: string;
}

/** From the project's files to trials that have run: `make local` and `make local-first`. */
export async function runLocally(options: RunLocallyOptions, context: Context): Promise<ExitCode> {
  const { cwd: root, now } = context;
  const backend = executors.local();
  const { config, matrix, plan } = await openPlan(context, { side: 'local' });
  const env = definedVariables(context.env);
  const bash = findBash(env);
  const kill = context.secondSignal;
  using stop = stopSignals(context);
  const { report, output, warn } = openReport(context, options);
  using lock = acquireProjectLock(root, { command: options.typed, now: now() });
  const records = new DiskRecordStore(root, warn, lock);
  if (lock.takenOverFrom !== undefined) {
    for (const diagnostic of await describeTakeover(lock.takenOverFrom, records)) warn(diagnostic);
  }

  const { run, leave } = selectLocally(decideLocally({ plan, matrix }, records, options), options.first);
  if (run.length === 0 && leave.length === 0) throw nothingSelected();
  checkData(root, specsAt(plan, run));
  const base = await localEnvironments(specsAt(plan, run), { root, env, config, warn });
  const dotenv = config.dotenv.variables;
  const { LocalExecutor } = await backend;
  const executor = new LocalExecutor({ root, records, bash, base, dotenv, now, output, warn, kill });

  report({ type: 'sweep-started', trials: run.length, executor: executor.name });
  for (const { index, why } of leave) report({ type: 'trial-skipped', trial: plan.at(index).trial, why });
  const sweep = runSweep(specsAt(plan, run), executor, report, {
    jobs: options.jobs,
    failFast: options.failFast,
    now,
    signal: stop.signal,
  });
  const { failures, interrupted } = await sweep.catch(async (error) => {
    await executor.abandon();
    throw error;
  });
  await executor.settle();
  if (interrupted) return ExitCode.interrupted;
  if (failures > 0) return ExitCode.failed;
  return leave.some(({ running }) => running) ? ExitCode.refused : ExitCode.ok;
}

/** What became of the trials of a toolbox that was killed. */
async function describeTakeover(
  holder: LockHolder,
  records: DiskRecordStore,
): Promise<readonly Diagnostic[]> {
  const { process: owner, since, command } = holder;
  const what = `an earlier toolbox was killed while it ran trials: pid ${owner.pid} since ${since} (${command})`;
  const all = await records.readAll();
  return [
    warningDiagnostic('LOCAL_TAKEN_OVER', what, {
      hint: 'make local resume=true runs only what has not succeeded',
    }),
    ...[...all.values()].flatMap((record) => describeUnfinished(observeRecord(record)) ?? []),
  ];
}

function nothingSelected(): DiagnosticError {
  return new DiagnosticError(
    errorDiagnostic('LOCAL_NO_TRIAL', 'no trial is left by where= and only=', {
      hint: 'see what there is with: make status',
    }),
    ExitCode.usage,
  );
}

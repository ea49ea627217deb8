import { once } from 'node:events';
import type { Context } from '../../context.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Trial } from '../../matrix/trial.ts';
import type { Report } from '../../report/event.ts';
import { createJsonReport } from '../../report/json-report.ts';
import { createPersonReport } from '../../report/person-report.ts';
import { createScreen } from '../../report/screen.ts';

export interface OpenReport {
  readonly report: Report;
  readonly warn: (diagnostic: Diagnostic) => void;
  /** Reports a trial's bytes; a promise, where the reader is slower than the trial, settles when it has caught up. */
  readonly output: (
    trial: Trial,
    stream: 'stdout' | 'stderr',
    chunk: Uint8Array,
  ) => Promise<void> | undefined;
}

/** How a sweep is shown: events as JSON lines, or text for a person. */
export function openReport(
  context: Context,
  options: { readonly json: boolean; readonly jobs: number },
): OpenReport {
  const { now, signal } = context;
  const report = options.json
    ? createJsonReport(context.stdout, now)
    : createPersonReport(createScreen(context), { jobs: options.jobs, now, interruption: signal });
  return {
    report,
    warn: (diagnostic) => report({ type: 'diagnostic', diagnostic }),
    output(trial, stream, chunk) {
      report({ type: 'trial-output', trial, stream, chunk });
      const target = options.json ? context.stdout : context[stream];
      if (!target.writableNeedDrain || target.destroyed) return undefined;
      return Promise.race([once(target, 'drain'), once(target, 'close')]).then(
        () => {},
        () => {},
      );
    },
  };
}

import { formatDiagnostic } from '../diagnostics/format-diagnostic.ts';
import { formatEndTable } from './end-table.ts';
import type { Event, Report } from './event.ts';
import { formatDuration } from './format-duration.ts';
import { formatHeading } from './heading.ts';
import { PrefixedLines } from './prefixed-lines.ts';
import { formatProgress } from './progress-line.ts';
import type { Screen } from './screen.ts';
import { SweepTally } from './sweep-tally.ts';

/**
 * Shows a sweep to a person. One trial at a time: its bytes as they come. Several at a time: its lines, each with
 * the trial's name in front.
 */
export function createPersonReport(
  screen: Screen,
  options: { readonly jobs: number; readonly now: () => number; readonly interruption: AbortSignal },
): Report {
  const { jobs, now, interruption } = options;
  const tally = new SweepTally();
  const lines = new Map<string, PrefixedLines>();
  const beginning = now();

  const linesOf = (name: string, stream: 'stdout' | 'stderr'): PrefixedLines => {
    const key = `${stream} ${name}`;
    const known = lines.get(key);
    if (known !== undefined) return known;
    const made = new PrefixedLines(`[${name}] `, (line) => screen.output(stream, line), now);
    lines.set(key, made);
    return made;
  };
  const endLines = (name: string) => {
    for (const stream of ['stdout', 'stderr'] as const) {
      lines.get(`${stream} ${name}`)?.end();
      lines.delete(`${stream} ${name}`);
    }
  };
  const showStatus = () => screen.status(() => formatProgress(tally, now() - beginning));

  const sayStopping = () => {
    if (tally.running.size > 0)
      screen.note('stopping: what runs has 15 s to end; a second Ctrl-C kills it at once\n');
  };
  interruption.addEventListener('abort', sayStopping, { once: true });

  return (event: Event) => {
    tally.add(event);
    switch (event.type) {
      case 'trial-started':
        screen.note(formatHeading(event.trial, event.command));
        showStatus();
        break;
      case 'trial-output':
        if (jobs > 1) linesOf(event.trial.name, event.stream).write(event.chunk);
        else screen.output(event.stream, event.chunk);
        break;
      case 'trial-ended': {
        endLines(event.trial.name);
        const { state, reason } = event.outcome;
        const why = reason === undefined ? exitOf(event.outcome.exitCode) : `: ${reason}`;
        if (!screen.hasStatus || state !== 'succeeded') {
          const position = `[${tally.ended.length}/${tally.total}]`;
          screen.note(
            `${position} ${event.trial.name} ${state} in ${formatDuration(event.milliseconds)}${state === 'succeeded' ? '' : why}\n`,
          );
        }
        showStatus();
        break;
      }
      case 'diagnostic':
        screen.note(`${formatDiagnostic(event.diagnostic, { color: screen.color })}\n`);
        break;
      case 'sweep-ended': {
        const { interrupted } = event;
        interruption.removeEventListener('abort', sayStopping);
        screen.close();
        screen.note(formatEndTable(tally, { color: screen.color, elapsed: now() - beginning, interrupted }));
        break;
      }
      default:
    }
  };
}

function exitOf(exitCode: number | undefined): string {
  return exitCode === undefined ? '' : `: exit code ${exitCode}`;
}

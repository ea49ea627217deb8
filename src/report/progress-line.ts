import { formatDuration } from './format-duration.ts';
import type { SweepTally } from './sweep-tally.ts';

/**
 * `trial 3 of 500, 1 failed, 2m05s, about 5h40m left`: the estimate takes the trials to come for as long, on
 * average and side by side, as those that have ended.
 */
export function formatProgress(tally: SweepTally, elapsed: number): string {
  const { total, ended, notSucceeded, running } = tally;
  const position =
    running.size > 1
      ? `${running.size} running, ${ended.length} of ${total} done`
      : `trial ${Math.min(total, ended.length + running.size)} of ${total}`;
  const failures = notSucceeded > 0 ? [`${notSucceeded} failed`] : [];
  const left = total - ended.length;
  const estimate =
    ended.length > 0 && left > 0 ? [`about ${formatDuration((elapsed / ended.length) * left)} left`] : [];
  return [position, ...failures, formatDuration(elapsed), ...estimate].join(', ');
}

import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import type { Pod } from '../../executors/kubernetes/objects.ts';
import { jobOfPod } from '../../executors/kubernetes/pods-of-job.ts';
import { loggedAttempts } from '../../executors/local-log.ts';
import { ExitCode } from '../../exit-code.ts';
import type { Glob } from '../../glob.ts';
import { attemptsOfEach, byName, packedTrials } from './log-targets.ts';

/** Names shown of what has not run so often, before they are counted. */
const shownNames = 3;

/**
 * Attempt N of each trial that has so many pods, on several nodes of each: `retries` makes one after the other. None
 * where the logs that are kept on this machine have it.
 *
 * @throws DiagnosticError KUBE_NO_LOG where there is none here either
 */
export function chooseAttempt(
  found: readonly Pod[],
  attempt: number,
  glob: Glob,
  { cwd, stderr }: Pick<Context, 'cwd' | 'stderr'>,
): readonly Pod[] {
  const groups = attemptsOfEach(found);
  const chosen = groups.map((group) => group[attempt - 1]).filter((pod) => pod !== undefined);
  const lacking = new Set(
    groups.filter((group) => group.length < attempt).flatMap((group) => group.map(nameOf)),
  );
  if (chosen.length > 0) {
    if (lacking.size > 0) stderr.write(`no attempt ${attempt} of ${format([...lacking])}\n`);
    return chosen.sort(byName);
  }
  const names = found.flatMap((pod) => packedTrials(pod, glob) ?? [nameOf(pod)]);
  const kept = new Set(names.flatMap((name) => loggedAttempts(cwd, name)));
  if (kept.has(attempt)) return [];
  const there = groups.flatMap((group) => [...group.keys()].map((index) => index + 1));
  const all = [...new Set([...there, ...kept])].sort((a, b) => a - b);
  throw new DiagnosticError(
    errorDiagnostic('KUBE_NO_LOG', `there is no attempt ${attempt} of ${format([...lacking])}`, {
      hint: `there ${all.length === 1 ? 'is' : 'are'} attempt=${all.join(', attempt=')}`,
    }),
    ExitCode.refused,
  );
}

function nameOf(pod: Pod): string {
  return jobOfPod(pod) ?? pod.metadata.name;
}

function format(names: readonly string[]): string {
  const more = names.length > shownNames ? `, and ${names.length - shownNames} more` : '';
  return `${names.slice(0, shownNames).join(', ')}${more}`;
}

import type { LaunchStep, LaunchSummary } from '../executors/kubernetes/launch-step.ts';

/** What differs between backends in the lines of a launch. */
export interface LaunchWords {
  /** The kind of the workload, as the backend names it: `job.batch`. */
  readonly kind: string;
  /** Why trials are left to create. */
  readonly left: string;
}

const kubernetesWords: LaunchWords = { kind: 'job.batch', left: 'the quota is used up' };

/** The lines of one trial of `make job`, as people and scripts read them. */
export function formatStep(step: LaunchStep, words: LaunchWords = kubernetesWords): readonly string[] {
  const job = `Job '${step.name}'`;
  const object = `${words.kind}/${step.name}`;
  const reason = step.reason === undefined ? '' : ` (${step.reason})`;
  const because =
    step.changed.length === 0 ? reason : `${reason}, and has changed since: ${step.changed.join(', ')}`;
  const created = `${object} created${step.isWaiting ? ' (suspended, it waits for a slot of max_parallel)' : ''}`;
  const replacing = [
    `${job} ${describe(step.found)}${because}. Deleting the job and creating it again.`,
    `${object} deleted`,
  ];
  switch (step.result) {
    case 'kept':
      return [formatKept(step)];
    case 'created':
      // Without a Job, a record may still say how it ended.
      return step.found === 'missing'
        ? [`${job} not found. Creating the job.`, created]
        : [`${job} ${describe(step.found)}${because}. Creating it again.`, created];
    case 'replaced':
      return [...replacing, created];
    case 'left':
      if (step.wasDeleted === true) return [...replacing, `${object} not created: ${words.left}`];
      return [
        `${job} ${step.found === 'missing' ? 'not found' : describe(step.found)}. Not created: ${words.left}.`,
      ];
    case 'rejected':
      return [
        ...(step.wasDeleted === true
          ? replacing
          : [`${job} ${step.found === 'missing' ? 'not found' : describe(step.found)}. Creating the job.`]),
        `${object} not created: ${step.diagnostics.map((each) => each.message).join('; ')}`,
      ];
  }
}

/** Of a trial that is started with others in one Job. */
export function formatPacked(name: string, pack: string, changed: readonly string[] = []): string {
  return changed.length === 0
    ? `Job '${name}' runs in ${pack}.`
    : `Job '${name}' has changed since: ${changed.join(', ')}. It runs in ${pack}.`;
}

function formatKept({ name, found, reason, changed }: LaunchStep): string {
  const because = reason === undefined ? '' : ` (${reason})`;
  if (found === 'missing') return `Job '${name}' was created by another run. Leaving it.`;
  const state = `Job '${name}' ${describe(found)}${because}`;
  if (changed.length === 0) return `${state}. Leaving it.`;
  return `${state}, but has changed since: ${changed.join(', ')}. Leaving it; overwrite=changed replaces it.`;
}

function describe(found: LaunchStep['found']): string {
  if (found === 'succeeded' || found === 'failed') return found;
  if (found === 'timeout') return 'timed out';
  return found === 'deleting' ? 'is being deleted' : `is ${found}`;
}

/** Counts that not every backend has. */
type LaterCount = 'deleted' | 'queued' | 'oldSecrets';

/** Names shown, before they are counted. */
const shown = 3;

/** One line for the end: what was done, and what is left. */
export function formatSummary({
  steps,
  changed,
  deleted = 0,
  quota,
  started,
  restored,
  queued = 0,
  oldSecrets = 0,
  outside = [],
}: Omit<LaunchSummary, 'applied' | 'lacking' | 'holders' | LaterCount> &
  Partial<Pick<LaunchSummary, LaterCount>> & {
    /** Of `holders`, those that are no trials of the plan. */
    readonly outside?: readonly string[];
  }): string {
  const parts = [
    [steps.created, 'created'],
    [steps.replaced, 'replaced'],
    [started, 'started'],
    [steps.kept, changed === 0 ? 'left as they are' : `left as they are (${changed} changed)`],
    [steps.rejected, 'not accepted'],
    [steps.left, 'left to create'],
    [deleted, 'deleted and not created'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const lines = [said.length === 0 ? 'no trials' : said.join(', ')];
  if (queued > 0)
    lines.push(`max_parallel does not count the ${queued} of a queue: its quota says how many run`);
  if (outside.length > 0) {
    const more = outside.length > shown ? `, and ${outside.length - shown} more` : '';
    lines.push(
      `trials wait for slots of max_parallel that are held by what is not in the plan: ${outside.slice(0, shown).join(', ')}${more}; make delete_job name=NAME removes one`,
    );
  }
  if (oldSecrets > 0)
    lines.push(
      `${oldSecrets} that ${oldSecrets === 1 ? 'has' : 'have'} not begun will get .env and secret files as they were, or as another machine has them: make job only=pending overwrite=true takes these`,
    );
  if (restored.length > 0) lines.push(`made again, since it was gone: ${restored.join(', ')}`);
  if (quota !== undefined) lines.push(`the quota is used up: ${quota}`);
  return lines.join('\n');
}

/** For whoever stops a launch half-way. `replacesAll`: the same command would replace again what it has made. */
export function formatInterrupted(made: number, all: number, replacesAll: boolean): string {
  const rest = replacesAll
    ? 'make job without overwrite=true creates those that were deleted'
    : 'the same command goes on with the others';
  return `interrupted: ${made === 0 ? 0 : `at least ${made}`} of ${all} Jobs created; ${rest}`;
}

/** For whoever stops a deletion half-way: what is under way may be deleted all the same. */
export function formatStopped(deleted: number, all: number, what: string): string {
  const count = deleted === 0 || deleted === all ? deleted : `at least ${deleted}`;
  const rest =
    deleted === all ? 'pods of theirs may still be ending' : 'the same command goes on with the others';
  return `interrupted: ${count} of ${all} ${what}${all === 1 ? '' : 's'} deleted; ${rest}`;
}

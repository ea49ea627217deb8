import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from './process-identity.ts';
import { describeFileError } from './record-error.ts';

/** Who runs trials in a project. */
export interface LockHolder {
  readonly process: ProcessIdentity;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** What was typed, such as `ktb local jobs=4`. */
  readonly command: string;
}

export interface ProjectLock extends Disposable {
  /** The holder that had died without giving the lock back, if one had. */
  readonly takenOverFrom: LockHolder | undefined;
}

type LockEntry = LockHolder | 'released' | 'unreadable';

/**
 * Lets one toolbox at a time run trials in a project.
 *
 * `.toolbox/lock/` holds numbered files; the highest number says who holds the lock, or that nobody does.
 * Taking it, also from a dead holder, is making the next number with link(2), which exactly one of several
 * contenders can do, on network file systems too. Numbers are never used again: giving the lock back leaves
 * a `released` file of the same number, so a contender that was held up after it looked cannot take
 * a number that others have passed without seeing the higher one when it looks again.
 *
 * @throws DiagnosticError LOCAL_LOCKED (exit 3) where another toolbox holds it, LOCAL_UNWRITABLE (exit 1)
 */
export function acquireProjectLock(root: string, details: { command: string; now: number }): ProjectLock {
  const folder = join(root, '.toolbox', 'lock');
  const identity = identifyProcess(process.pid);
  if (identity === undefined) throw new Error('this process does not find itself');
  const holder: LockHolder = {
    process: identity,
    host: hostname(),
    since: new Date(details.now).toISOString(),
    command: details.command,
  };
  try {
    mkdirSync(folder, { recursive: true });
    return acquire(folder, holder);
  } catch (error) {
    if (error instanceof DiagnosticError) throw error;
    throw new DiagnosticError(describeFileError(folder, error), ExitCode.failed);
  }
}

function acquire(folder: string, holder: LockHolder): ProjectLock {
  const own = join(folder, `.${holder.process.pid}-${Math.random().toString(36).slice(2)}`);
  writeFileSync(own, JSON.stringify(holder));
  try {
    for (;;) {
      const highest = highestNumber(folder);
      const entry = highest === 0 ? 'released' : readEntry(folder, highest);
      if (entry === undefined) continue; // Passed by a higher number between looking and reading.
      if (entry !== 'released' && (entry === 'unreadable' || holds(entry)))
        throw refusal(folder, highest, entry);
      const number = highest + 1;
      if (!tryLink(own, join(folder, String(number)))) continue;
      if (highestNumber(folder) !== number) {
        rmSync(join(folder, String(number)), { force: true });
        continue;
      }
      for (const lower of numbers(folder)) {
        if (lower < number) rmSync(join(folder, String(lower)), { force: true });
      }
      return {
        takenOverFrom: entry === 'released' ? undefined : entry,
        [Symbol.dispose]: () => release(folder, number),
      };
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** Who holds the lock of a project now; takes and changes nothing. */
export function findLockHolder(root: string): LockHolder | undefined {
  const folder = join(root, '.toolbox', 'lock');
  if (!existsSync(folder)) return undefined;
  const highest = highestNumber(folder);
  const entry = highest === 0 ? 'released' : readEntry(folder, highest);
  return typeof entry === 'object' && holds(entry) ? entry : undefined;
}

/** A holder on another host cannot be looked at, and so counts as alive. */
function holds(holder: LockHolder): boolean {
  return holder.host !== hostname() || isAlive(holder.process);
}

function release(folder: string, number: number): void {
  const released = join(folder, `.released-${number}`);
  try {
    writeFileSync(released, '"released"');
    renameSync(released, join(folder, String(number)));
  } catch {
    // The process ends now, and the next one sees that. A full disk must not turn a finished sweep into a failure.
    rmSync(released, { force: true });
  }
}

function numbers(folder: string): number[] {
  return readdirSync(folder)
    .filter((file) => /^[1-9]\d*$/.test(file))
    .map(Number);
}

function highestNumber(folder: string): number {
  return Math.max(0, ...numbers(folder));
}

function readEntry(folder: string, number: number): LockEntry | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, String(number)), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const entry = JSON.parse(text) as LockEntry;
    if (entry === 'released' || Number.isInteger((entry as LockHolder).process.pid)) return entry;
  } catch {
    // Below.
  }
  return 'unreadable';
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function refusal(folder: string, number: number, holder: LockHolder | 'unreadable'): DiagnosticError {
  const file = join(folder, String(number));
  if (holder === 'unreadable') {
    return new DiagnosticError(
      errorDiagnostic('LOCAL_LOCKED', `the lock ${file} cannot be read`, {
        hint: `if no toolbox runs in this project: rm ${file}`,
      }),
      ExitCode.refused,
    );
  }
  const { process: owner, host, since, command } = holder;
  const message = `another toolbox runs trials in this project: pid ${owner.pid} on ${host} since ${since} (${command})`;
  const hint =
    host === hostname()
      ? `wait for it, or end it with: kill -INT ${owner.pid}`
      : `wait for it; if it is gone from ${host} for sure: rm ${file}`;
  return new DiagnosticError(errorDiagnostic('LOCAL_LOCKED', message, { hint }), ExitCode.refused);
}

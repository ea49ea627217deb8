import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where the records of a project live, relative to its root. */
export const runsFolder = '.toolbox/runs';

/** A trial's name as `matrix/` makes it; nothing else may become a path. */
const legalName = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Whether a folder or file name under `.toolbox/runs/` can be a trial's. */
export function isRunName(name: string): boolean {
  return legalName.test(name);
}

/** The folder of one trial, relative to the project. @throws Error on a name that could leave the folder */
export function runFolder(name: string): string {
  if (!isRunName(name)) throw new Error(`not the name of a trial: ${JSON.stringify(name)}`);
  return join(runsFolder, name);
}

export function recordPath(name: string): string {
  return join(runFolder(name), 'record.json');
}

/** The log of one attempt, which counts from 1; relative to the project. */
export function logPath(name: string, attempt: number): string {
  return join(runFolder(name), `attempt-${attempt}.log`);
}

/** The attempt a file in a trial's folder is the log of, or `undefined`. */
export function attemptOfLog(file: string): number | undefined {
  const match = /^attempt-([1-9]\d{0,8})\.log$/.exec(file);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

/**
 * Makes the folder of a trial, given as a path, or `.toolbox/runs` itself, but never the project's: one that was
 * moved away while its trials ran must not come back as an empty shell. @throws `absent` in that case
 */
export function makeRunFolder(folder: string, absent: unknown): void {
  const toolbox = resolve(folder, folder.endsWith(runsFolder) ? '..' : '../..');
  if (!existsSync(resolve(toolbox, '..'))) throw absent;
  mkdirSync(folder, { recursive: true });
}

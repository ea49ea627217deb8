import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseRunRecord } from './parse-run-record.ts';
import { isRunName, makeRunFolder, runFolder, runsFolder } from './run-paths.ts';
import type { RunRecord } from './run-record.ts';

const startedPath = join(runsFolder, 'started.jsonl');

/**
 * Trials that have begun, a line each, by the one toolbox that holds the project's lock. A trial of milliseconds has
 * its record file written once, when it has ended: making a file costs some file systems as much as running `true`,
 * and appending a line to an open one next to nothing. Should the toolbox be killed before, the line tells.
 */
export class StartedTrials {
  readonly #descriptor: number;

  /** Empties the list; what it said must have been read and put on record. @throws NodeJS.ErrnoException */
  constructor(root: string) {
    const path = join(root, startedPath);
    try {
      this.#descriptor = openSync(path, 'a', 0o644);
    } catch (error) {
      makeRunFolder(dirname(path), error);
      this.#descriptor = openSync(path, 'a', 0o644);
    }
    ftruncateSync(this.#descriptor);
  }

  /** Survives the toolbox, not a power loss. @throws NodeJS.ErrnoException */
  add(record: RunRecord): void {
    // Begun with a line end as well: the last write may have failed in the middle of a line.
    writeSync(this.#descriptor, `\n${JSON.stringify(record)}\n`);
  }

  /** For when all trials that were added have a record file that is as new. */
  clear(): void {
    ftruncateSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** What the list says, for trials whose folder nobody has removed since; one that was about to begin may have none. */
export function readStarted(root: string): ReadonlyMap<string, RunRecord> {
  const records = new Map<string, RunRecord>();
  for (const line of readLines(join(root, startedPath))) {
    const record = parseRecordLine(line);
    if (record === undefined) continue;
    if (record.process === undefined || existsSync(join(root, runFolder(record.name))))
      records.set(record.name, record);
    else records.delete(record.name);
  }
  return records;
}

/** A record on one line; `undefined` where the line is torn. */
export function parseRecordLine(line: string): RunRecord | undefined {
  try {
    const { name } = JSON.parse(line) as { name?: unknown };
    const record = typeof name === 'string' && isRunName(name) ? parseRunRecord(line, name) : undefined;
    return typeof record === 'object' ? record : undefined;
  } catch {
    return undefined;
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

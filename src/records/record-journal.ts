import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DurableWrites, fsyncFolder } from './durable-writes.ts';
import { parseRunRecord } from './parse-run-record.ts';
import { bootId } from './process-identity.ts';
import { recordPath, runFolder, runsFolder } from './run-paths.ts';
import type { RunRecord } from './run-record.ts';
import { parseRecordLine } from './started-trials.ts';

const fdatasyncAsync = promisify(fdatasync);

const journalPath = join(runsFolder, 'journal.jsonl');
/** A longer journal is begun anew when a sweep begins. */
const longestJournal = 32 * 1024 * 1024;
/** Milliseconds between two waits for the disk, so that thousands of short trials do not each wait. */
const syncInterval = 100;

/**
 * Makes ended trials survive a power loss without an fsync for each of their record files: a line is appended here
 * and the disk is waited for once for many lines. The record files themselves are atomic, and the system
 * writes them back in its own time.
 *
 * The first line names the boot of the machine in which the journal was begun. In the same boot the record files
 * are what was written, whoever died since; after another, what the journal says is newer counts.
 */
export class RecordJournal {
  readonly #descriptor: number;
  readonly #folder: string;
  #lines = '';
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  #flushing = false;
  #lastSync = Number.NEGATIVE_INFINITY;
  #hurried = false;

  /** Opens the journal for the one toolbox that holds the project's lock; what an earlier boot left is settled first. */
  static async open(root: string): Promise<RecordJournal> {
    const path = join(root, journalPath);
    const found = readJournal(root);
    const reusable = found?.boot === bootId() && found.size < longestJournal;
    if (!reusable) {
      const writes = new DurableWrites();
      await Promise.all(
        [...(found?.records.values() ?? [])].map(async (record) => {
          const file = join(root, recordPath(record.name));
          const text = readIfThere(file);
          const onDisk = text === undefined ? undefined : parseRunRecord(text, record.name);
          // After a restart what can be read is on the disk; in the same boot it need not be yet.
          if (typeof onDisk === 'object' && !isNewer(record, onDisk)) {
            if (found?.boot === bootId()) await writes.write(file, formatRecord(onDisk));
          } else await writes.write(file, formatRecord(record));
        }),
      );
      await writes.write(path, `${JSON.stringify({ boot: bootId() })}\n`);
    }
    return new RecordJournal(openSync(path, 'a'), join(root, runsFolder));
  }

  private constructor(descriptor: number, folder: string) {
    this.#descriptor = descriptor;
    this.#folder = folder;
  }

  /** Settles when the record will survive a power loss. */
  append(record: RunRecord): Promise<void> {
    // Begun with a line end as well: the last write may have failed in the middle of a line.
    this.#lines += `\n${JSON.stringify(record)}\n`;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#flushing) return;
      this.#flushing = true;
      void this.#flush();
    });
  }

  /** Lets what is being appended reach the disk without the pause between two waits. */
  hurry(): void {
    this.#hurried = true;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      while (!this.#hurried && performance.now() - this.#lastSync < syncInterval) await sleep(10);
      this.#lastSync = performance.now();
      const waiting = this.#waiting;
      const lines = this.#lines;
      this.#waiting = [];
      this.#lines = '';
      try {
        appendWhole(this.#descriptor, lines);
        // A line counts while its trial's folder is there: on some file systems the one reaches the disk without the other.
        await fsyncFolder(this.#folder);
        await fdatasyncAsync(this.#descriptor);
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#flushing = false;
  }
}

interface FoundJournal {
  readonly boot: string;
  readonly size: number;
  /** The last record of each trial. */
  readonly records: ReadonlyMap<string, RunRecord>;
}

/** What a journal says that was begun before the machine was started: newer than the record files may be. */
export function readEarlierBoot(root: string): ReadonlyMap<string, RunRecord> {
  const found = readJournal(root);
  return found === undefined || found.boot === bootId() ? new Map() : found.records;
}

/** Whether `record` tells of something later than `other`. */
export function isNewer(record: RunRecord, other: RunRecord): boolean {
  if (record.attempt !== other.attempt) return record.attempt > other.attempt;
  return record.state !== 'running' && other.state === 'running';
}

export function formatRecord(record: RunRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

function readJournal(root: string): FoundJournal | undefined {
  const path = join(root, journalPath);
  const boot = readBoot(path);
  if (boot === undefined) return undefined;
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (boot === bootId() && size < longestJournal) return { boot, size, records: new Map() };
    const records = new Map<string, RunRecord>();
    for (const line of readFileSync(descriptor, 'utf8').split('\n').slice(1)) {
      const record = parseRecordLine(line);
      // A folder is made before its trial starts: where it is gone, somebody has removed it.
      if (record !== undefined && existsSync(join(root, runFolder(record.name))))
        records.set(record.name, record);
    }
    return { boot, size, records };
  } finally {
    closeSync(descriptor);
  }
}

/** The boot the first line names; empty where it is damaged, `undefined` where there is no journal. */
function readBoot(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  try {
    const start = Buffer.alloc(200);
    const length = readSync(descriptor, start);
    const line = start.toString('utf8', 0, length).split('\n')[0] ?? '';
    return (JSON.parse(line) as { boot?: string }).boot ?? '';
  } catch {
    return '';
  } finally {
    closeSync(descriptor);
  }
}

function appendWhole(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

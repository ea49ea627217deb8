import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnostic, DiagnosticError, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import type { RecordStore } from '../executors/executor.ts';
import { ExitCode } from '../exit-code.ts';
import { DurableWrites, writeAtomically } from './durable-writes.ts';
import { parseRunRecord } from './parse-run-record.ts';
import type { ProjectLock } from './project-lock.ts';
import { describeFileError } from './record-error.ts';
import { formatRecord, isNewer, RecordJournal, readEarlierBoot } from './record-journal.ts';
import { RecordedWorkloads } from './recorded-workloads.ts';
import { isRunName, recordPath, runsFolder } from './run-paths.ts';
import type { RunRecord } from './run-record.ts';
import { readStarted, StartedTrials } from './started-trials.ts';

/**
 * Run records on disk, one `.toolbox/runs/NAME/record.json` a trial. Files are read synchronously: they are
 * small and local, and a plan of 100,000 trials asks for as many.
 */
export class DiskRecordStore implements RecordStore {
  readonly #root: string;
  readonly #warn: (diagnostic: Diagnostic) => void;
  readonly #lock: ProjectLock | undefined;
  readonly #writes = new DurableWrites();
  readonly #workloads: RecordedWorkloads;
  #journal: Promise<RecordJournal> | undefined;
  #started: StartedTrials | undefined;
  /** What the journal and the list of started trials know better than the record files may. */
  #besides: ReadonlyMap<string, RunRecord> | undefined;
  #folders: ReadonlySet<string> | undefined;

  /**
   * @param warn told of each record that cannot be read; it counts as missing
   * @param lock of the project, for who runs thousands of short trials: it alone may keep the journal. Launches on a
   * cluster write seldom, several at once and without it
   */
  constructor(root: string, warn: (diagnostic: Diagnostic) => void, lock?: ProjectLock) {
    this.#root = root;
    this.#workloads = new RecordedWorkloads(root);
    this.#warn = warn;
    this.#lock = lock;
  }

  async read(name: string): Promise<RunRecord | undefined> {
    return this.readNow(name);
  }

  /** @throws DiagnosticError where the file is there and cannot be read */
  readNow(name: string): RunRecord | undefined {
    const known = this.#noted().get(name);
    const onDisk = this.#readFile(name, known === undefined);
    return known !== undefined && (onDisk === undefined || isNewer(known, onDisk)) ? known : onDisk;
  }

  /** What is known besides the record files. */
  #noted(): ReadonlyMap<string, RunRecord> {
    this.#besides ??= newestOf(readEarlierBoot(this.#root), readStarted(this.#root));
    return this.#besides;
  }

  #readFile(name: string, warns: boolean): RunRecord | undefined {
    const path = recordPath(name);
    let text: string;
    try {
      text = readFileSync(join(this.#root, path), 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      if (code !== 'EISDIR')
        throw new DiagnosticError(describeFileError(path, error, 'read'), ExitCode.failed);
      text = '';
    }
    const record = parseRunRecord(text, name);
    if (typeof record === 'object') return record;
    const hint = 'it counts as missing; the logs beside it are whole';
    if (warns) this.#warn(warningDiagnostic('LOCAL_UNREADABLE_RECORD', `${path}: ${record}`, { hint }));
    return undefined;
  }

  /**
   * Like {@link readNow}, for asking after very many: trials whose folder was not there at the first call are
   * answered without looking.
   */
  readListed(name: string): RunRecord | undefined {
    this.#folders ??= new Set(this.names());
    return this.#folders.has(name) ? this.readNow(name) : undefined;
  }

  async readAll(): Promise<ReadonlyMap<string, RunRecord>> {
    const records = new Map<string, RunRecord>();
    for (const name of this.names()) {
      const record = this.readNow(name);
      if (record !== undefined) records.set(name, record);
    }
    return records;
  }

  /** Settles when the record will survive a power loss. @throws DiagnosticError */
  async write(record: RunRecord): Promise<void> {
    if (this.#lock === undefined) {
      const path = recordPath(record.name);
      await this.#writes.write(join(this.#root, path), formatRecord(record)).catch((error) => {
        throw new DiagnosticError(describeFileError(path, error), ExitCode.failed);
      });
      this.#noteWorkload(record);
      return;
    }
    this.writeUnsynced(record);
    try {
      this.#journal ??= RecordJournal.open(this.#root);
      await (await this.#journal).append(record);
    } catch (error) {
      throw new DiagnosticError(describeFileError('.toolbox/runs/journal.jsonl', error), ExitCode.failed);
    }
  }

  /**
   * Writes a record in its place: atomic, not durable. Enough for one that says a trial has begun: should the power
   * fail, the one before it is back, and the trial counts as not run, which is what `resume=true` needs.
   *
   * @throws DiagnosticError
   */
  writeUnsynced(record: RunRecord): void {
    const path = recordPath(record.name);
    try {
      writeAtomically(join(this.#root, path), formatRecord(record));
    } catch (error) {
      throw new DiagnosticError(describeFileError(path, error), ExitCode.failed);
    }
    this.#noteWorkload(record);
  }

  /** Whether a record of this trial has been written for this workload; no file is looked for. */
  hasRecorded(name: string, uid: string): boolean {
    this.#folders ??= new Set(this.names());
    return this.#folders.has(name) && this.#workloads.has(uid);
  }

  #noteWorkload({ uid }: RunRecord): void {
    if (uid !== undefined) this.#workloads.add(uid);
  }

  /**
   * Notes that a trial has begun, for {@link writeUnsynced} to follow should it take longer. Only for who holds the
   * project's lock. @throws NodeJS.ErrnoException
   */
  noteStarted(record: RunRecord): void {
    this.#started ??= this.#takeOverStarted();
    this.#started.add(record);
  }

  /** For when all that was noted has been written. */
  forgetStarted(): void {
    this.#started?.clear();
  }

  /** A toolbox that was killed has left its notes. */
  #takeOverStarted(): StartedTrials {
    for (const name of readStarted(this.#root).keys()) {
      const record = this.readNow(name);
      if (record !== undefined) this.writeUnsynced(record);
    }
    return new StartedTrials(this.#root);
  }

  /** Nothing more will be written for now, so what is waited for need not wait for company. */
  async hurry(): Promise<void> {
    (await this.#journal)?.hurry();
  }

  async close(): Promise<void> {
    const journal = this.#journal;
    this.#journal = undefined;
    this.#started?.close();
    this.#started = undefined;
    (await journal)?.close();
  }

  /** Trials that have a folder, whether or not their record can be read, or are noted. @throws DiagnosticError */
  names(): string[] {
    try {
      const folders = readdirSync(join(this.#root, runsFolder)).filter(isRunName);
      return [...new Set([...folders, ...this.#noted().keys()])].sort();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'ENOTDIR') return [];
      throw new DiagnosticError(describeFileError(runsFolder, error, 'read'), ExitCode.failed);
    }
  }
}

function newestOf(
  records: ReadonlyMap<string, RunRecord>,
  others: ReadonlyMap<string, RunRecord>,
): ReadonlyMap<string, RunRecord> {
  const newest = new Map(records);
  for (const [name, record] of others) {
    const known = newest.get(name);
    if (known === undefined || isNewer(record, known)) newest.set(name, record);
  }
  return newest;
}

import { type Diagnostic, DiagnosticError } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import type { DiskRecordStore } from './record-store.ts';
import type { RunRecord } from './run-record.ts';

/** Milliseconds after which a trial that runs gets its record file; one that ends before gets it at its end alone. */
const shortTrial = 50;
/** Notes of started trials after which they are written and forgotten. */
const mostNotes = 1_000;

/**
 * Writes the records of a sweep while it goes on. A record that cannot be written does not end the sweep, for
 * a night's work is worth more than its bookkeeping: it is told at once, kept, and tried again at the end.
 */
export class BackgroundRecords {
  readonly #store: DiskRecordStore;
  readonly #warn: (diagnostic: Diagnostic) => void;
  readonly #underWay = new Set<Promise<void>>();
  readonly #unwritten = new Map<string, RunRecord>();
  /** Run for less than {@link shortTrial}. */
  readonly #begun = new Map<string, { readonly record: RunRecord; readonly timer: NodeJS.Timeout }>();
  /** Have ended a moment ago. */
  #over: RunRecord[] = [];
  #notes = 0;
  #lastNoted: RunRecord | undefined;
  #tidying = false;
  #warned = false;

  constructor(store: DiskRecordStore, warn: (diagnostic: Diagnostic) => void) {
    this.#store = store;
    this.#warn = warn;
  }

  /** Before the trial can do anything, and so without its process: it may take the toolbox with it at once. */
  starting(record: RunRecord): void {
    try {
      this.#store.noteStarted(record);
    } catch {
      // Told by the record that follows.
    }
  }

  /** Returns when the record is in its place or noted, see {@link DiskRecordStore.noteStarted}. */
  started(record: RunRecord): void {
    try {
      this.#store.noteStarted(record);
    } catch {
      this.#place(record);
      return;
    }
    this.#notes += 1;
    this.#lastNoted = record;
    const timer = setTimeout(() => {
      this.#begun.delete(record.name);
      this.#place(record);
    }, shortTrial);
    this.#begun.set(record.name, { record, timer });
    if (this.#notes < mostNotes || this.#tidying) return;
    this.#tidying = true;
    this.flush();
    // By then it is known which records could not be written.
    setImmediate(() => {
      this.#tidying = false;
      if (this.#lastNoted === record) this.#forgetNotes();
    });
  }

  /** Returns at once: the next trial should begin before this one's record is written. {@link settle} waits. */
  ended(record: RunRecord): void {
    clearTimeout(this.#begun.get(record.name)?.timer);
    this.#begun.delete(record.name);
    this.#over.push(record);
    if (this.#over.length === 1) setImmediate(() => this.#writeEnded());
  }

  /** Puts every record in its place, for who is about to read them. */
  flush(): void {
    for (const { record, timer } of this.#begun.values()) {
      clearTimeout(timer);
      this.#place(record);
    }
    this.#begun.clear();
    this.#writeEnded();
  }

  /** @throws DiagnosticError (exit 1) LOCAL_UNWRITABLE for each record that is still not on disk */
  async settle(): Promise<void> {
    this.flush();
    await this.#store.hurry().catch(() => {});
    await Promise.all(this.#underWay);
    const problems: Diagnostic[] = [];
    for (const record of this.#unwritten.values()) {
      try {
        await this.#store.write(record);
      } catch (error) {
        problems.push(...diagnosticsOf(error));
      }
    }
    this.#unwritten.clear();
    if (problems.length === 0) this.#forgetNotes();
    await this.#store.close().catch(() => {});
    if (problems.length > 0) throw new DiagnosticError(problems, ExitCode.failed);
  }

  #place(record: RunRecord): void {
    try {
      this.#store.writeUnsynced(record);
    } catch (error) {
      this.#keep(record, error);
    }
  }

  #writeEnded(): void {
    for (const record of this.#over.splice(0)) {
      const write = this.#store.write(record).then(
        () => {
          this.#unwritten.delete(record.name);
        },
        (error) => this.#keep(record, error),
      );
      this.#underWay.add(write);
      void write.finally(() => this.#underWay.delete(write));
    }
  }

  /** While a record could not be written, its note is all there is. */
  #forgetNotes(): void {
    if (this.#unwritten.size > 0) return;
    this.#store.forgetStarted();
    this.#notes = 0;
  }

  #keep(record: RunRecord, error: unknown): void {
    const diagnostics = diagnosticsOf(error);
    this.#unwritten.set(record.name, record);
    if (this.#warned) return;
    this.#warned = true;
    for (const diagnostic of diagnostics) this.#warn({ ...diagnostic, severity: 'warning' });
  }
}

function diagnosticsOf(error: unknown): readonly Diagnostic[] {
  if (error instanceof DiagnosticError) return error.diagnostics;
  throw error;
}

import { type Diagnostic, DiagnosticError } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import type { DiskRecordStore } from './record-store.ts';
import type { RunRecord } from './run-record.ts';

/**
 * Writes the records of a sweep while it goes on. A record that cannot be written does not end the sweep, for
 * a night's work is worth more than its bookkeeping: it is told at once, kept, and tried again at the end.
 */
export class BackgroundRecords {
  readonly #store: DiskRecordStore;
  readonly #warn: (diagnostic: Diagnostic) => void;
  readonly #underWay = new Set<Promise<void>>();
  readonly #unwritten = new Map<string, RunRecord>();
  #warned = false;

  constructor(store: DiskRecordStore, warn: (diagnostic: Diagnostic) => void) {
    this.#store = store;
    this.#warn = warn;
  }

  /** Returns when the record is in its place; see {@link DiskRecordStore.writeStarted}. */
  started(record: RunRecord): void {
    try {
      this.#store.writeStarted(record);
    } catch (error) {
      this.#keep(record, error);
    }
  }

  /** Returns at once; {@link settle} waits for the disk. */
  ended(record: RunRecord): void {
    const write = this.#store.write(record).then(
      () => {
        this.#unwritten.delete(record.name);
      },
      (error) => this.#keep(record, error),
    );
    this.#underWay.add(write);
    void write.finally(() => this.#underWay.delete(write));
  }

  /** @throws DiagnosticError (exit 1) LOCAL_UNWRITABLE for each record that is still not on disk */
  async settle(): Promise<void> {
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
    await this.#store.close().catch(() => {});
    if (problems.length > 0) throw new DiagnosticError(problems, ExitCode.failed);
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

import type { Context } from '../../context.ts';
import { diagnosticToJson, formatDiagnostic } from '../../diagnostics/format-diagnostic.ts';
import type { ExitCode } from '../../exit-code.ts';
import { ExitCode as Exit } from '../../exit-code.ts';
import { formatBytes } from '../../report/format-bytes.ts';
import { formatDuration } from '../../report/format-duration.ts';
import { createScreen, type Screen } from '../../report/screen.ts';
import { count, counted, formatLooking, formatTransferProgress } from '../../report/transfer-progress.ts';
import { printable } from '../../stores/safe-key.ts';
import { shownPath } from '../../stores/shown-path.ts';
import type { TransferEvent, TransferSummary } from '../../stores/transfer-event.ts';

const plainInterval = 10_000;

/**
 * Shows a transfer: a line for each file on standard output; on standard error a progress bar on a terminal and
 * a line every 10 s otherwise, and a summary. With `json`, events as objects on standard output.
 */
export class TransferReport {
  readonly #context: Context;
  readonly #json: boolean;
  readonly #screen: Screen;
  readonly #started: number;
  readonly #timer: NodeJS.Timeout;
  #looked = { keys: 0, files: 0, bytes: 0 };
  #planned = false;
  #files = 0;
  #filesTotal = 0;
  #bytes = 0;
  #kept = 0;
  #bytesTotal = 0;
  #lastNote: number;
  /** Lines for standard output, written together: one write a file is what a terminal or pipe is slow at. */
  #pending = '';

  constructor(context: Context, options: { readonly json: boolean }) {
    this.#context = context;
    this.#json = options.json;
    this.#screen = createScreen(context);
    this.#started = context.now();
    this.#lastNote = this.#started;
    // Also while nothing happens that could be told: a long listing, a large part, a server that is slow.
    this.#timer = setInterval(() => this.#progress(), 1_000).unref();
    context.signal.addEventListener('abort', this.#holdStill, { once: true });
  }

  readonly report = (event: TransferEvent): void => {
    switch (event.type) {
      case 'looked':
        this.#looked.keys += event.keys;
        this.#looked.files += event.files;
        this.#looked.bytes += event.bytes;
        return;
      case 'planned':
        this.#planned = true;
        this.#filesTotal += event.files;
        this.#bytesTotal += event.bytes;
        break;
      case 'moved':
        this.#bytes += event.bytes;
        this.#kept += event.kept ?? 0;
        this.#files += event.files;
        this.#progress();
        return;
      default:
    }
    if (this.#json) this.#line(JSON.stringify(this.#toJson(event)));
    else this.#tell(event);
    this.#progress();
  };

  /** The summary, and the exit code that it means. */
  finish(verb: 'Uploaded' | 'Downloaded', summary: TransferSummary, dryRun: boolean): ExitCode {
    this.close();
    if (this.#json) this.#context.stdout.write(`${JSON.stringify({ type: 'summary', ...summary })}\n`);
    else
      this.#context.stderr.write(
        `${formatSummary(verb, summary, dryRun, { elapsed: this.#context.now() - this.#started, bytes: this.#bytes, kept: this.#kept })}\n`,
      );
    return exitCodeOf(summary);
  }

  /** One line for who has pressed Ctrl-C: what is there now stays, and what typing it again does. */
  stopped(direction: 'upload' | 'download'): void {
    this.close();
    if (this.#json || this.#filesTotal === 0) return;
    const done = `${count(this.#files)} of ${counted(this.#filesTotal, 'file')} done, ${formatBytes(this.#bytes)}`;
    // Parts that were sent are aborted, ranges that came in are kept.
    const next =
      direction === 'upload' ? 'uploads the rest, each file from its beginning' : 'goes on from there';
    this.#context.stderr.write(`Stopped: ${done}; the same command ${next}\n`);
  }

  /** Removes the progress bar and writes what is pending; to be called whatever happened. */
  close(): void {
    clearInterval(this.#timer);
    this.#context.signal.removeEventListener('abort', this.#holdStill);
    this.#flush();
    this.#screen.close();
  }

  #tell(event: TransferEvent): void {
    const line = this.#lineFor(event);
    if (line !== undefined) this.#line(line);
    if (!('diagnostic' in event)) return;
    this.#flush();
    this.#screen.note(`${formatDiagnostic(event.diagnostic, { color: this.#screen.color })}\n`);
  }

  #lineFor(event: TransferEvent): string | undefined {
    switch (event.type) {
      case 'uploaded':
        return `Uploaded ${this.#path(event.path)} to ${printable(event.key)}`;
      case 'downloaded':
        return `Downloaded ${printable(event.key)} to ${this.#shown(event.path)}`;
      case 'would-upload':
        return `Would upload ${this.#path(event.path)} to ${printable(event.key)}`;
      case 'would-download':
        return `Would download ${printable(event.key)} to ${this.#shown(event.path)}`;
      default:
        return undefined;
    }
  }

  #toJson(event: TransferEvent): object {
    return 'diagnostic' in event ? { ...event, diagnostic: diagnosticToJson(event.diagnostic) } : event;
  }

  #line(text: string): void {
    if (this.#pending === '') setImmediate(() => this.#flush());
    this.#pending += `${text}\n`;
    if (this.#pending.length > 16_384) this.#flush();
  }

  #flush(): void {
    if (this.#pending === '') return;
    const text = this.#pending;
    this.#pending = '';
    this.#screen.output('stdout', Buffer.from(text));
  }

  /** Parts of files that are not whole are taken back now, and a bar that falls would be about something else. */
  readonly #holdStill = (): void => {
    if (this.#planned && this.#filesTotal === 0) return;
    const last = this.#show(true);
    this.#screen.status(() => last);
  };

  #show(bar: boolean): string {
    return this.#planned ? formatTransferProgress(this.#state(), { bar }) : formatLooking(this.#looked);
  }

  #progress(): void {
    if (this.#context.signal.aborted || (this.#planned && this.#filesTotal === 0)) return;
    if (this.#screen.hasStatus) {
      this.#screen.status(() => this.#show(true));
      return;
    }
    const now = this.#context.now();
    if (this.#json || now - this.#lastNote < plainInterval) return;
    this.#lastNote = now;
    this.#screen.note(`${this.#show(false)}\n`);
  }

  #state() {
    return {
      files: this.#files,
      filesTotal: this.#filesTotal,
      bytes: this.#bytes,
      kept: this.#kept,
      bytesTotal: this.#bytesTotal,
      elapsed: this.#context.now() - this.#started,
    };
  }

  /** Relative to the project where it lies below. */
  #path(path: string): string {
    const below = path.startsWith(`${this.#context.cwd}/`);
    return below ? printable(path.slice(this.#context.cwd.length + 1)) : shownPath(path, this.#context.cwd);
  }

  #shown(path: string): string {
    const short = this.#path(path);
    return short.startsWith('/') || short.startsWith('"') ? short : `./${short}`;
  }
}

/** `all`: bytes moved, of which some were here before, in how many milliseconds. */
function formatSummary(
  verb: string,
  summary: TransferSummary,
  dryRun: boolean,
  all: { readonly elapsed: number; readonly bytes: number; readonly kept: number },
): string {
  const { elapsed, kept } = all;
  const { moved, bytes, same, different, skipped, ignored, failed } = summary;
  const rate =
    elapsed > 0 && moved > 0 && !dryRun ? `, ${formatBytes(((all.bytes - kept) / elapsed) * 1000)}/s` : '';
  const before = kept > 0 ? ` (${formatBytes(kept)} of it were here)` : '';
  const first =
    moved === 0 && failed === 0
      ? `Nothing ${verb.toLowerCase()}`
      : dryRun
        ? `Would have ${verb.toLowerCase()} ${counted(moved, 'file')}, ${formatBytes(bytes)}`
        : `${verb} ${counted(moved, 'file')}, ${formatBytes(bytes)}${before} in ${formatDuration(elapsed)}${rate}`;
  const rest = [
    same > 0 ? `${count(same)} already there` : '',
    formatDifferent(different),
    skipped > 0 ? `${count(skipped)} refused` : '',
    ignored > 0 ? `${count(ignored)} skipped` : '',
    failed > 0 ? `${count(failed)} failed` : '',
  ];
  return [first, ...rest.filter((part) => part !== '')].join('; ');
}

function formatDifferent(number: number): string {
  if (number === 0) return '';
  if (number === 1) return '1 differs and was left (overwrite=true replaces it)';
  return `${count(number)} differ and were left (overwrite=true replaces them)`;
}

function exitCodeOf(summary: TransferSummary): ExitCode {
  if (summary.failed > 0) return Exit.failed;
  return summary.different > 0 || summary.skipped > 0 ? Exit.refused : Exit.ok;
}

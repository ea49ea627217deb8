import type { Diagnostic } from '../diagnostics/diagnostic.ts';

/** What happens while files are moved, as a closed union: bars, lines and JSON are functions of it. */
export type TransferEvent =
  /** So many more keys were listed, or files read to compare them, before it is known what there is to move. */
  | { readonly type: 'looked'; readonly keys: number; readonly files: number; readonly bytes: number }
  /** What there is to move, once it is known; comes again when it grows. */
  | { readonly type: 'planned'; readonly files: number; readonly bytes: number }
  /** So many more bytes have left or arrived (fewer where they must again), or files are done, whatever is told of them later. `kept`: so many of
   * the bytes were here already, of an earlier download. */
  | { readonly type: 'moved'; readonly bytes: number; readonly files: number; readonly kept?: number }
  | {
      readonly type: 'uploaded' | 'downloaded';
      readonly key: string;
      readonly path: string;
      readonly bytes: number;
    }
  /** With `dryRun`: this is what would be done. */
  | {
      readonly type: 'would-upload' | 'would-download';
      readonly key: string;
      readonly path: string;
      readonly bytes: number;
    }
  | { readonly type: 'same'; readonly key: string; readonly path: string }
  | {
      readonly type: 'different';
      readonly key: string;
      readonly path: string;
      readonly diagnostic: Diagnostic;
    }
  /** Not moved on purpose: no possible key or file, or named itself and without content. */
  | { readonly type: 'skipped'; readonly diagnostic: Diagnostic }
  /** Nothing to move: a socket, a pipe, a device, a link in a circle. */
  | { readonly type: 'ignored'; readonly diagnostic: Diagnostic }
  | { readonly type: 'failed'; readonly key: string; readonly diagnostic: Diagnostic };

export interface TransferSummary {
  /** Files moved, or that would be. */
  readonly moved: number;
  readonly bytes: number;
  readonly same: number;
  /** Left because they differ. */
  readonly different: number;
  readonly skipped: number;
  /** Sockets, pipes, devices and links in a circle among the local files. */
  readonly ignored: number;
  readonly failed: number;
}

/** Counts events as they pass. */
export class TransferCounter {
  #summary = { moved: 0, bytes: 0, same: 0, different: 0, skipped: 0, ignored: 0, failed: 0 };
  readonly #report: (event: TransferEvent) => void;

  constructor(report: (event: TransferEvent) => void) {
    this.#report = report;
  }

  readonly report = (event: TransferEvent): void => {
    const summary = this.#summary;
    switch (event.type) {
      case 'uploaded':
      case 'downloaded':
      case 'would-upload':
      case 'would-download':
        summary.moved++;
        summary.bytes += event.bytes;
        break;
      case 'same':
      case 'different':
      case 'skipped':
      case 'ignored':
      case 'failed':
        summary[event.type]++;
        break;
      default:
    }
    this.#report(event);
  };

  get summary(): TransferSummary {
    return { ...this.#summary };
  }
}

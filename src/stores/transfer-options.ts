import type { BulkMover } from './bulk-mover.ts';
import type { Fold } from './folding.ts';
import type { SelectionOptions } from './selection.ts';
import type { TransferEvent } from './transfer-event.ts';
import type { TransferLimits } from './transfer-limits.ts';

/** What `upload` and `download` are told beside the store. */
export interface TransferOptions extends SelectionOptions {
  /** What `file=` says. */
  readonly file: string;
  /** Absolute; the folder whose relative paths are the keys. */
  readonly root: string;
  /** Absolute; the project, whose `.toolbox` holds what is remembered. Default: `root`. */
  readonly project?: string;
  /** Replaces what is there and differs. */
  readonly overwrite?: boolean;
  /** Reports what would be done, and changes nothing. */
  readonly dryRun?: boolean;
  readonly report?: (event: TransferEvent) => void;
  readonly now?: () => number;
  readonly limits?: TransferLimits;
  /** What the file system of `root` takes for one name. Default: it is asked. */
  readonly findFolding?: (root: string, folder: string) => Fold | undefined;
  /** Another program to move the files; what it does not get right is moved by us. */
  readonly mover?: BulkMover | undefined;
  readonly signal: AbortSignal;
}

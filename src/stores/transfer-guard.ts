import {
  type Diagnostic,
  DiagnosticError,
  errorDiagnostic,
  warningDiagnostic,
} from '../diagnostics/diagnostic.ts';
import { FileChanged } from './file-digest.ts';
import { isSystemError, type LocalFile } from './local-file.ts';
import type { ObjectInfo } from './object-store.ts';
import { printable } from './safe-key.ts';
import { StoreError } from './store-error.ts';
import type { Comparison } from './sync-plan.ts';
import type { TransferEvent } from './transfer-event.ts';

/** Runs the work on one file; its own failure is reported, what would fail all others too is thrown. */
export async function guard<T>(
  key: string,
  report: (event: TransferEvent) => void,
  work: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    for (const diagnostic of ownFailure(key, error)) report({ type: 'failed', key, diagnostic });
    return undefined;
  }
}

/** What one file's failure is told as; throws what is none. */
export function ownFailure(key: string, error: unknown): readonly Diagnostic[] {
  if (error instanceof StoreError && !error.fatal) return error.diagnostics;
  // Whatever the system says of a file is about that file; what it says of the network is a StoreError by now.
  const mine = error instanceof FileChanged || (error instanceof Error && 'syscall' in error);
  if (!mine) throw error;
  const message = `${printable(key)}: ${error.message}`;
  // All others would meet the same.
  if (isSystemError(error, 'ENOSPC', 'EDQUOT')) {
    const hint = 'make room and type it again: what has come whole stays';
    throw new DiagnosticError(errorDiagnostic('S3_FILE_FAILED', message, { hint, cause: error }), 1);
  }
  return [errorDiagnostic('S3_FILE_FAILED', message, { cause: error })];
}

function bytes(count: number): string {
  return `${count} byte${count === 1 ? '' : 's'}`;
}

export function differs(file: LocalFile, info: ObjectInfo | undefined, comparison: Comparison | undefined) {
  const how =
    info?.size !== file.size
      ? `${bytes(info?.size ?? 0)} there, ${bytes(file.size)} here`
      : comparison === 'undecided'
        ? 'nothing tells whether the content is the same'
        : 'other content';
  return warningDiagnostic('S3_DIFFERS', `${printable(file.key)} differs and was left: ${how}`);
}

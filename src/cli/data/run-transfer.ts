import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { openBucket } from '../../open-bucket.ts';
import type { BulkMover } from '../../stores/bulk-mover.ts';
import type { ObjectStore } from '../../stores/object-store.ts';
import { printable } from '../../stores/safe-key.ts';
import type { TransferLimits } from '../../stores/transfer-limits.ts';
import { transferRoot } from '../../stores/transfer-root.ts';
import type { CommonOptions, Options } from '../command.ts';
import { keepMemorySmall } from '../keep-memory-small.ts';
import { valueOrAsk } from '../prompt.ts';
import { chooseMover } from './choose-mover.ts';
import type { transferFlags } from './data-flags.ts';
import { outliveReader } from './outlive-reader.ts';
import { TransferReport } from './transfer-report.ts';

type Direction = 'upload' | 'download';
type TransferOptions = Options<typeof transferFlags> & CommonOptions;

/** `upload` and `download`: the same flags, the same reporting, two directions. */
export async function runTransfer(
  direction: Direction,
  options: TransferOptions,
  context: Context,
): Promise<ExitCode> {
  const what = direction === 'upload' ? 'a path' : 'a key';
  const file = await valueOrAsk(options.file, 'file', `What to ${direction} (${what} or pattern): `, context);
  outliveReader(context);
  const bucket = await openBucket(context);
  const { store } = bucket;
  try {
    const mover = await chooseMover(bucket, context);
    return await moveFiles(direction, store, { ...options, file }, context, { mover });
  } finally {
    store.close();
  }
}

/** Moves what `file` means and shows it; returns the exit code that the outcome means. */
export async function moveFiles(
  direction: Direction,
  store: ObjectStore,
  options: TransferOptions & { readonly file: string },
  context: Context,
  means: { readonly mover?: BulkMover | undefined; readonly limits?: TransferLimits } = {},
): Promise<ExitCode> {
  const report = new TransferReport(context, options);
  try {
    const move =
      direction === 'upload'
        ? (await import('../../stores/upload.ts')).uploadAll
        : (await import('../../stores/download.ts')).downloadAll;
    const summary = await move(store, {
      file: options.file,
      root: transferRoot(context.cwd, options.local_path),
      project: context.cwd,
      overwrite: options.overwrite,
      dryRun: options.dry_run,
      include: options.include,
      exclude: options.exclude,
      report(event) {
        // What was compared stays, and what is moved is gone at once.
        if (event.type === 'planned') keepMemorySmall();
        report.report(event);
      },
      now: context.now,
      ...means,
      signal: context.signal,
    });
    return report.finish(direction === 'upload' ? 'Uploaded' : 'Downloaded', summary, options.dry_run);
  } catch (error) {
    if (context.signal.aborted) report.stopped(direction);
    if (!options.allow_empty || !isNoMatch(error)) throw error;
    context.stderr.write(`${printable(options.file)}: nothing to ${direction}\n`);
    return ExitCode.ok;
  } finally {
    report.close();
  }
}

function isNoMatch(error: unknown): boolean {
  return error instanceof DiagnosticError && error.diagnostics[0]?.code === 'S3_NO_MATCH';
}

import { resolve } from 'node:path';
import type { Context } from '../../context.ts';
import type { ExitCode } from '../../exit-code.ts';
import type { CommonOptions, Options } from '../command.ts';
import { valueOrAsk } from '../prompt.ts';
import type { transferFlags } from './data-flags.ts';
import { openBucket } from './open-bucket.ts';
import { TransferReport } from './transfer-report.ts';

/** `upload` and `download`: the same flags, the same reporting, two directions. */
export async function runTransfer(
  direction: 'upload' | 'download',
  options: Options<typeof transferFlags> & CommonOptions,
  context: Context,
): Promise<ExitCode> {
  const question =
    direction === 'upload' ? 'What to upload (a path or pattern): ' : 'What to download (a key or pattern): ';
  const file = await valueOrAsk(options.file, 'file', question, context);
  const { store } = await openBucket(context);
  const report = new TransferReport(context, options);
  try {
    const transfer =
      direction === 'upload'
        ? (await import('../../stores/upload.ts')).uploadAll
        : (await import('../../stores/download.ts')).downloadAll;
    const summary = await transfer(store, {
      file,
      root: resolve(context.cwd, options.local_path ?? '.'),
      project: context.cwd,
      overwrite: options.overwrite,
      dryRun: options.dry_run,
      include: options.include,
      exclude: options.exclude,
      report: report.report,
      now: context.now,
      signal: context.signal,
    });
    return report.finish(direction === 'upload' ? 'Uploaded' : 'Downloaded', summary, options.dry_run);
  } finally {
    report.close();
    store.close();
  }
}

import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { diagnosticToJson, formatDiagnostic } from '../diagnostics/format-diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { isGlob } from '../glob.ts';
import { quoteForShell } from '../matrix/shell-quote.ts';
import { openBucket } from '../open-bucket.ts';
import { count, counted } from '../report/transfer-progress.ts';
import { FolderMonitor, type MonitorEvent } from '../stores/folder-monitor.ts';
import { takeLock } from '../stores/process-lock.ts';
import { printable } from '../stores/safe-key.ts';
import { systemClock } from '../stores/system-clock.ts';
import { defineCommand } from './command.ts';
import { selectFlags, transferFlags } from './data/data-flags.ts';
import { outliveReader } from './data/outlive-reader.ts';
import { select } from './data/select.ts';
import { valueOrAsk } from './prompt.ts';

const mostNamed = 5;

export const command = defineCommand({
  name: 'monitor',
  flags: {
    ...selectFlags,
    overwrite: transferFlags.overwrite,
    interval: {
      kind: 'count',
      minimum: 1,
      maximum: 86_400,
      value: 'SECONDS',
      summary: 'look at the folder this often; default 2',
    },
  },
  example: 'make monitor file=outputs/',
  async run(options, context) {
    const written = await valueOrAsk(options.file, 'file', 'Which folder to watch: ', context);
    const file = written.endsWith('/') ? written : `${written}/`;
    const selection = select(file, options, context);
    refuseFiles(written, context.cwd);
    const { store } = await openBucket(context);
    // Listened to before there is a lock to give back.
    const { signal } = context;
    const lockName = createHash('sha256')
      .update(realFolder(resolve(context.cwd, selection.folder)))
      .digest('hex');
    const lockFile = join(context.cwd, '.toolbox', 's3', `monitor-${lockName.slice(0, 16)}.lock`);
    const lock = takeLock(lockFile, { folder: selection.folder });
    if ('holder' in lock) {
      const message = `${printable(file)} is watched already, by ${lock.holder}`;
      const hint = `kill it to end it; where it runs no more: rm ${lockFile}`;
      throw new DiagnosticError(errorDiagnostic('S3_MONITOR_RUNNING', message, { hint }), ExitCode.refused);
    }
    const report = (event: MonitorEvent) => {
      const line = options.json ? jsonLine(event) : undefined;
      if (line !== undefined) context.stdout.write(line);
      if (options.json) return;
      const { stdout, stderr } = describe(event, file);
      if (stdout !== undefined) context.stdout.write(`${stdout}\n`);
      if (stderr !== undefined) context.stderr.write(`${stderr}\n`);
    };
    outliveReader(context);
    try {
      const interval = (options.interval ?? 2) * 1000;
      const { cwd } = context;
      const monitor = new FolderMonitor({
        store,
        selection,
        root: cwd,
        project: cwd,
        interval,
        overwrite: options.overwrite,
        clock: systemClock,
        report,
        signal,
      });
      const { missing, unremoved, different } = await monitor.run();
      if (options.json) context.stdout.write(`${JSON.stringify({ type: 'stopped', missing, unremoved })}\n`);
      else
        context.stderr.write(
          `Stopped watching ${printable(file)}` +
            formatKeys(missing, 'file', 'may not be in the bucket') +
            `${formatKeys(unremoved, 'removed file', 'may still be in the bucket')}\n`,
        );
      // Being told to stop is how this command ends.
      return missing.length > 0 || unremoved.length > 0
        ? ExitCode.failed
        : different > 0
          ? ExitCode.refused
          : ExitCode.ok;
    } finally {
      lock.release();
      store.close();
    }
  },
});

/** A folder may come later; a file, or a pattern for files, would be waited for in vain. */
function refuseFiles(written: string, cwd: string): void {
  const path = resolve(cwd, written);
  const isThere = existsSync(path);
  const what = isThere ? 'a file' : 'a pattern';
  if (isThere ? statSync(path).isDirectory() : !isGlob(written) || written.endsWith('/')) return;
  const cut = written.lastIndexOf('/') + 1;
  const folder = written.slice(0, cut);
  const hint = isGlob(folder)
    ? 'include= chooses files'
    : `file=${quoteForShell(folder || './')} include=${quoteForShell(written.slice(cut))} watches what you mean`;
  throw new DiagnosticError(
    errorDiagnostic('CLI_BAD_VALUE', `monitor watches a folder, and "${printable(written)}" is ${what}`, {
      hint,
    }),
    ExitCode.usage,
  );
}

function formatKeys(keys: readonly string[], noun: string, what: string): string {
  if (keys.length === 0) return '';
  const more = keys.length > mostNamed ? [`${count(keys.length - mostNamed)} more`] : [];
  const names = [...keys.slice(0, mostNamed).map(printable), ...more].join(', ');
  return `; ${counted(keys.length, noun)} ${what}: ${names}`;
}

/** One folder has one name here, whatever links lead to it. */
function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function jsonLine(event: MonitorEvent): string | undefined {
  if (event.type === 'moved' || event.type === 'planned') return undefined;
  const diagnostic =
    'diagnostic' in event && event.diagnostic !== undefined ? diagnosticToJson(event.diagnostic) : undefined;
  return `${JSON.stringify(diagnostic === undefined ? event : { ...event, diagnostic })}\n`;
}

function describe(event: MonitorEvent, file: string): { stdout?: string; stderr?: string } {
  switch (event.type) {
    case 'watching':
      return { stderr: `Watching ${printable(file)}, ${counted(event.files, 'file')}; Ctrl-C to stop` };
    case 'uploaded':
      return { stdout: `Uploaded ${printable(event.key)} to ${printable(event.key)}` };
    case 'removed':
      return { stdout: `Removed ${printable(event.key)}` };
    case 'resumed':
      return { stderr: 'Going on' };
    case 'waiting': {
      const why =
        event.diagnostic?.message ?? `${printable(file)} is not there; it is watched as soon as it is`;
      return { stderr: `Waiting: ${why}` };
    }
    case 'skipped':
    case 'different':
    case 'failed':
      return { stderr: formatDiagnostic(event.diagnostic, { color: false }) };
    default:
      return {};
  }
}

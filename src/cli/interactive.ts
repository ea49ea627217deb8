import { realpathSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { DiagnosticError, errorDiagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { openBucket } from '../open-bucket.ts';
import { findObjects } from '../stores/find-objects.ts';
import { findLocalFiles, type LocalFile } from '../stores/local-file.ts';
import type { ObjectInfo, ObjectStore } from '../stores/object-store.ts';
import { printable } from '../stores/safe-key.ts';
import { ownFailure } from '../stores/transfer-guard.ts';
import { defineCommand } from './command.ts';
import { transferFlags } from './data/data-flags.ts';
import { moveFiles } from './data/run-transfer.ts';
import { select } from './data/select.ts';
import { ask, canAsk, confirm, valueOrAsk } from './prompt.ts';
import { removeAndReport } from './remove.ts';
import { reportDiagnostics } from './report-diagnostics.ts';

const { dry_run: _dryRun, allow_empty: _allowEmpty, ...flags } = transferFlags;

export const command = defineCommand({
  name: 'interactive',
  flags,
  example: "make interactive file='Model/*t5*'",
  async run(options, context) {
    if (!canAsk(context))
      throw new DiagnosticError(
        errorDiagnostic('CLI_CANNOT_ASK', 'interactive asks what to do, and there is no terminal', {
          hint: 'use upload, download, find or remove',
        }),
        ExitCode.usage,
      );
    const file = await valueOrAsk(options.file, 'file', 'Which files (a path or pattern): ', context);
    const root = resolve(context.cwd, options.local_path ?? '.');
    const selection = select(file, options, { cwd: root });
    const { store } = await openBucket(context);
    let outcome: ExitCode = ExitCode.ok;
    try {
      for (;;) {
        const [local, remote] = await Promise.all([
          findLocalFiles(root, selection, context.signal),
          findObjects(store, selection, context.signal),
        ]);
        context.stderr.write(sideBySide(local.files, remote, context.stderr.columns ?? 80));
        const answer = await ask(`\nChoose an action [${actions.join(', ')}]: `, context);
        // As they are shown, or without what explains them.
        const action = answer.replace(/ \(.*\)$/, '');
        if (action === 'exit' || action === '') return outcome;
        const act = (): Promise<ExitCode> => {
          if (action === 'delete') return deleteLocal(local.files, root, context);
          if (action === 'remove') return removeRemote(store, remote, context);
          if (action === 'download' || action === 'upload')
            return moveFiles(
              action,
              store,
              { ...options, file, allow_empty: false, dry_run: false },
              context,
            );
          context.stderr.write(`There is no action "${printable(answer)}".\n`);
          return Promise.resolve(ExitCode.ok);
        };
        const ended = await tellErrors(context, act);
        if (ended !== ExitCode.ok) outcome = ended;
        context.stderr.write('\n');
      }
    } finally {
      store.close();
    }
  },
});

const actions = ['delete (local)', 'remove (S3)', 'download', 'upload', 'exit'];

/** Two columns where they fit, keys that are on both sides in one row; otherwise one list after the other. */
function sideBySide(local: readonly LocalFile[], remote: readonly ObjectInfo[], columns: number): string {
  const here = new Set(local.map(({ key }) => key));
  const there = new Set(remote.map(({ key }) => key));
  const keys = [...new Set([...here, ...there])].sort();
  const title = 'Local files matching pattern:';
  const width = Math.max(title.length, ...local.map(({ key }) => printable(key).length)) + 2;
  const widest = Math.max(0, ...remote.map(({ key }) => printable(key).length));
  if (width + widest <= columns) {
    const rows = keys.map((key) =>
      `${(here.has(key) ? printable(key) : '').padEnd(width)}${there.has(key) ? printable(key) : ''}`.trimEnd(),
    );
    return [`${title.padEnd(width)}S3 files matching pattern:`, ...rows, ''].join('\n');
  }
  const list = (present: ReadonlySet<string>) => keys.filter((key) => present.has(key)).map(printable);
  return [title, ...list(here), '', 'S3 files matching pattern:', ...list(there), ''].join('\n');
}

async function deleteLocal(files: readonly LocalFile[], root: string, context: Context): Promise<ExitCode> {
  if (files.length === 0 || !(await confirm(`Delete ${files.length} local files?`, { yes: false }, context)))
    return ExitCode.ok;
  const inside = `${realpathSync(root)}/`;
  let outcome: ExitCode = ExitCode.ok;
  for (const { path, key } of files) {
    try {
      // A link to a file is deleted itself; through a linked folder lies what is another's.
      if (!`${realpathSync(dirname(path))}/`.startsWith(inside)) {
        const message = `${printable(key)} was not deleted: a link on the way leads out of ${root}`;
        reportDiagnostics([warningDiagnostic('S3_KEY_REFUSED', message)], context);
        outcome = ExitCode.refused;
        continue;
      }
      rmSync(path, { force: true });
      context.stdout.write(`Deleted ${printable(key)}\n`);
    } catch (error) {
      reportDiagnostics(ownFailure(key, error), context);
      outcome = ExitCode.failed;
    }
  }
  return outcome;
}

async function removeRemote(
  store: ObjectStore,
  objects: readonly ObjectInfo[],
  context: Context,
): Promise<ExitCode> {
  const question = `Remove ${objects.length} objects from ${store.name}?`;
  if (objects.length === 0 || !(await confirm(question, { yes: false }, context))) return ExitCode.ok;
  return await removeAndReport(store, objects, { json: false }, context);
}

/** A failure of one action does not end the session. */
async function tellErrors(context: Context, action: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    reportDiagnostics(error.diagnostics, context);
    return error.exitCode;
  }
}

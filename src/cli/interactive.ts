import { realpathSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Context } from '../context.ts';
import { DiagnosticError, errorDiagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import { hintFor } from '../diagnostics/nearest-name.ts';
import { ExitCode } from '../exit-code.ts';
import { openBucket } from '../open-bucket.ts';
import { counted } from '../report/transfer-progress.ts';
import { runPool } from '../stores/budget.ts';
import { compareAtOnce, comparePair } from '../stores/compare-pair.ts';
import { DigestCache } from '../stores/digest-cache.ts';
import { findObjects } from '../stores/find-objects.ts';
import { findLocalFiles, type LocalFile } from '../stores/local-file.ts';
import type { ObjectInfo, ObjectStore } from '../stores/object-store.ts';
import { compareKeys } from '../stores/s3-listing.ts';
import { printable } from '../stores/safe-key.ts';
import { ownFailure } from '../stores/transfer-guard.ts';
import { transferRoot } from '../stores/transfer-root.ts';
import { defineCommand } from './command.ts';
import { transferFlags } from './data/data-flags.ts';
import { moveFiles } from './data/run-transfer.ts';
import { select } from './data/select.ts';
import { formatOnlyCopies, formatSideBySide, type Row } from './data/side-by-side.ts';
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
    const root = transferRoot(context.cwd, options.local_path);
    const selection = select(file, options, { cwd: root });
    const { store } = await openBucket(context);
    let outcome: ExitCode = ExitCode.ok;
    try {
      for (;;) {
        const [local, remote] = await Promise.all([
          findLocalFiles(root, selection, context.signal),
          findObjects(store, selection, context.signal),
        ]);
        const rows = await compareSidesOf(local.files, remote, store, context);
        const nothing = `Nothing matches "${printable(file)}", neither in ${root} nor in ${store.name}.\n`;
        const table = () => formatSideBySide(rows, context.stderr.columns ?? 80);
        context.stderr.write(rows.length === 0 ? nothing : table());
        const action = await askAction(context);
        if (action === 'exit') return outcome;
        const act = (): Promise<ExitCode> => {
          if (action === 'delete') return deleteLocal(local.files, rows, root, context);
          if (action === 'remove') return removeRemote(store, remote, rows, context);
          const move = { ...options, file, allow_empty: false, dry_run: false };
          return moveFiles(action, store, move, context);
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

const actions = ['delete', 'remove', 'download', 'upload', 'exit'] as const;
const shown = 'delete (local), remove (S3), download, upload, exit';

/** Asks until there is such an action; an empty answer and the end of input mean to exit. */
async function askAction(context: Context): Promise<(typeof actions)[number]> {
  for (;;) {
    const answer = await ask(`\nChoose an action [${shown}]: `, context);
    // As they are shown, or without what explains them.
    const name = answer.replace(/ \(.*\)$/, '') || 'exit';
    const action = actions.find((each) => each === name);
    if (action !== undefined) return action;
    const hint = hintFor(name, actions) ?? `type ${actions.slice(0, -1).join(', ')} or ${actions.at(-1)}`;
    context.stderr.write(`There is no action "${printable(answer)}": ${hint}\n`);
  }
}

/** Larger files are not read for a table. */
const mostRead = 16 << 20;

async function compareSidesOf(
  local: readonly LocalFile[],
  remote: readonly ObjectInfo[],
  store: ObjectStore,
  context: Context,
): Promise<Row[]> {
  const files = new Map(local.map((file) => [file.key, file]));
  const objects = new Map(remote.map((info) => [info.key, info]));
  const cache = new DigestCache(DigestCache.path(context.cwd), store.name);
  const tools = { store, cache, signal: context.signal };
  const rows = [...new Set([...files.keys(), ...objects.keys()])].sort(compareKeys).map((key): Row => {
    const [file, info] = [files.get(key), objects.get(key)];
    return { key, side: file === undefined ? 'there' : compareAtOnce(file, info, cache) };
  });
  await runPool(
    rows.entries(),
    16,
    async ([index, { key, side }]) => {
      const file = files.get(key);
      if (side !== 'undecided' || file === undefined || file.size > mostRead) return;
      // A file that cannot be read is told of when it is moved.
      const found = await comparePair(file, objects.get(key), tools).catch(() => side);
      rows[index] = { key, side: found };
    },
    () => {},
  );
  return rows;
}

async function deleteLocal(
  files: readonly LocalFile[],
  rows: readonly Row[],
  root: string,
  context: Context,
): Promise<ExitCode> {
  const question = `Delete ${counted(files.length, 'local file')}${formatOnlyCopies(rows, 'here')}?`;
  if (files.length === 0 || !(await confirm(question, { yes: false }, context))) return ExitCode.ok;
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
  rows: readonly Row[],
  context: Context,
): Promise<ExitCode> {
  const question = `Remove ${counted(objects.length, 'object')} from ${store.name}${formatOnlyCopies(rows, 'there')}?`;
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
